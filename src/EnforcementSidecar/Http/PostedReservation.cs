using System.Text.Json;
using Metering.EnforcementSidecar.Access;
using Metering.EnforcementSidecar.Reservations;

namespace Metering.EnforcementSidecar.Http;

/// <summary>A posted body about a reservation: JSON of valid text, with a reservation that was made here.</summary>
internal static class PostedReservation
{
    public const int MaxBodyBytes = 64 << 10;

    /// <summary>Null when the answer has been given.</summary>
    public static Task<(JsonDocument Body, AccessDirectory Directory)?> ReadAsync(HttpContext context, AccessState access) =>
        ReadAsync(context, access, MaxBodyBytes, Denial.UsageNotTaken("not_ready"));

    /// <param name="notReady">The answer while no customer is known.</param>
    public static async Task<(JsonDocument Body, AccessDirectory Directory)?> ReadAsync(
        HttpContext context, AccessState access, int maxBytes, Denial notReady)
    {
        if (!HttpMethods.IsPost(context.Request.Method))
        {
            await ProblemAnswer.WriteAsync(context, Denial.MethodNotAllowed, "Use POST.");
            return null;
        }

        if (access.Known is not { } directory)
        {
            context.Response.Headers.RetryAfter = "1";
            await ProblemAnswer.WriteAsync(context, notReady, "This sidecar does not know the customers yet; try again.");
            return null;
        }

        return await JsonBody.ReadAsync(context, maxBytes) is { } body ? (body, directory) : null;
    }

    /// <param name="fields">What the body may have beside the reservation.</param>
    /// <returns>Null when there is a reservation.</returns>
    public static Refusal? TryFind(JsonElement body, ReadOnlySpan<string> fields, AccessDirectory directory, out Reservation reservation)
    {
        reservation = default;
        if (body.ValueKind != JsonValueKind.Object || !body.TryGetProperty("reservation", out var token) || token.ValueKind != JsonValueKind.String)
        {
            return Refusal.Invalid("/reservation", "The reservation that the check answered is required.");
        }

        foreach (var field in body.EnumerateObject())
        {
            if (field.Name != "reservation" && !fields.Contains(field.Name))
            {
                return Refusal.Invalid("/" + field.Name, "The field is not known here.");
            }
        }

        return ReservationToken.Read(token.GetString(), directory.ReservationKey, out reservation) switch
        {
            ReservationReading.Malformed => Refusal.Invalid("/reservation", "This is not a reservation."),
            ReservationReading.Forged => Refusal.NotMadeHere,
            ReservationReading.Valid => null,
        };
    }

    /// <summary>True also when there is no such field.</summary>
    public static bool TryCount(JsonElement from, string name, long most, out long? count)
    {
        count = null;
        if (!from.TryGetProperty(name, out var found))
        {
            return true;
        }

        var isCount = found.ValueKind == JsonValueKind.Number && found.TryGetInt64(out var value) && value >= 0 && value <= most;
        count = isCount ? found.GetInt64() : null;
        return isCount;
    }
}
