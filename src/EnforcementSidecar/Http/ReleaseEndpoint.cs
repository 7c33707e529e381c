using System.Text.Json;
using Metering.EnforcementSidecar.Access;
using Metering.EnforcementSidecar.Reservations;

namespace Metering.EnforcementSidecar.Http;

/// <summary>
/// <c>POST /v1/release</c>: the request is over, whatever it used. Frees its place among the requests in flight at once; safe to repeat, and
/// for requests that hold none any more. Usage is settled as before.
/// </summary>
internal sealed class ReleaseEndpoint(AccessState access)
{
    public const int MaxBodyBytes = 4 << 10;

    private static readonly Denial Forged =
        Denial.Plain(StatusCodes.Status401Unauthorized, "unauthenticated", "The reservation is not valid", "reservation_forged");

    private static readonly Denial NotReady =
        Denial.Plain(StatusCodes.Status503ServiceUnavailable, "not-available", "The request can not be released now", "not_ready");

    public async Task HandleAsync(HttpContext context)
    {
        if (!HttpMethods.IsPost(context.Request.Method))
        {
            await ProblemAnswer.WriteAsync(context, Denial.MethodNotAllowed, "Use POST.");
            return;
        }

        if (access.Known is not { } directory)
        {
            context.Response.Headers.RetryAfter = "1";
            await ProblemAnswer.WriteAsync(context, NotReady, "This sidecar does not know the customers yet; try again.");
            return;
        }

        using var body = await JsonBody.ReadAsync(context, MaxBodyBytes);
        if (body is null)
        {
            return;
        }

        await AnswerAsync(context, body.RootElement, directory);
    }

    private static Task AnswerAsync(HttpContext context, JsonElement body, AccessDirectory directory)
    {
        if (body.ValueKind != JsonValueKind.Object || !body.TryGetProperty("reservation", out var token) || token.ValueKind != JsonValueKind.String)
        {
            return ProblemAnswer.WriteAsync(
                context, Denial.InvalidRequest, "The reservation that the check answered is required.", "/reservation");
        }

        foreach (var field in body.EnumerateObject())
        {
            if (field.Name != "reservation")
            {
                return ProblemAnswer.WriteAsync(context, Denial.InvalidRequest, "The field is not known here.", "/" + field.Name);
            }
        }

        var reading = ReservationToken.Read(token.GetString(), directory.ReservationKey, out var reservation);
        if (reading != ReservationReading.Valid)
        {
            return reading == ReservationReading.Malformed
                ? ProblemAnswer.WriteAsync(context, Denial.InvalidRequest, "This is not a reservation.", "/reservation")
                : ProblemAnswer.WriteAsync(context, Forged, "The reservation was not made here.", "/reservation");
        }

        directory.Release(reservation);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }
}
