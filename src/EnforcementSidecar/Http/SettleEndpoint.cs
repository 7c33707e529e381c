using System.Buffers;
using System.Text;
using System.Text.Json;
using Metering.EnforcementSidecar.Access;
using Metering.EnforcementSidecar.Identifiers;
using Metering.EnforcementSidecar.Json;
using Metering.EnforcementSidecar.Reservations;
using Metering.EnforcementSidecar.Spooling;

namespace Metering.EnforcementSidecar.Http;

/// <summary>
/// <c>POST /v1/settle</c>: the gateway tells what an admitted request used, and the answer comes when that is on disk. The
/// reservation names the event, so settling twice is one event.
/// </summary>
internal sealed class SettleEndpoint(AccessState access, EventSpool spool)
{
    public const int MaxBodyBytes = 64 << 10;
    public const int MaxTypeLength = 256;
    public const string Source = "metering-sidecar";
    private const int MaxDepth = 16;
    private const string ApplicationProperty = "application_id";
    private const string AgentProperty = "agent_id";

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
            await ProblemAnswer.WriteAsync(context, Unavailable("not_ready"), "This sidecar does not know the customers yet; try again.");
            return;
        }

        using var body = await ReadBodyAsync(context);
        if (body is null)
        {
            return;
        }

        if (Compose(body.RootElement, directory, out var id, out var payload) is { } refusal)
        {
            await ProblemAnswer.WriteAsync(context, refusal.Denial, refusal.Detail, refusal.Pointer);
            return;
        }

        await AnswerAsync(context, id, await spool.AppendAsync(payload));
    }

    /// <summary>Null when the event is composed.</summary>
    private static Refusal? Compose(JsonElement body, AccessDirectory directory, out UInt128 id, out byte[] payload)
    {
        id = default;
        payload = [];
        if (body.ValueKind != JsonValueKind.Object || !body.TryGetProperty("reservation", out var token) || token.ValueKind != JsonValueKind.String)
        {
            return Invalid("/reservation", "The reservation that the check answered is required.");
        }

        foreach (var field in body.EnumerateObject())
        {
            if (field.Name is not ("reservation" or "type" or "data"))
            {
                return Invalid("/" + field.Name, "The field is not known here.");
            }
        }

        var reading = ReservationToken.Read(token.GetString(), directory.ReservationKey, out var reservation);
        if (reading != ReservationReading.Valid)
        {
            return reading == ReservationReading.Malformed
                ? Invalid("/reservation", "This is not a reservation.")
                : new Refusal(Forged, "The reservation was not made here.", "/reservation");
        }

        // The request is over, whether or not its usage can be kept.
        directory.Release(reservation);
        var customer = directory.FindById(reservation.CustomerId);
        var type = !body.TryGetProperty("type", out var given) ? customer?.Find(reservation.FeatureKey)?.EventType
            : given.ValueKind == JsonValueKind.String ? given.GetString()
            : "";
        if (customer is null)
        {
            return new Refusal(UnknownCustomer, "The customer of the reservation is not known any more.", "/reservation");
        }

        if (type is not { Length: > 0 })
        {
            return Invalid("/type", "The feature has no meter of its own, so the event type is required.");
        }

        // What the ledger would refuse must be refused while the gateway still listens: after 202 nobody does.
        if (type.Length > MaxTypeLength || type.AsSpan().ContainsAnyInRange('\0', '\u001f'))
        {
            return Invalid("/type", "An event type has at most 256 characters, and no control characters.");
        }

        if (body.TryGetProperty("data", out var data) && data.ValueKind is not (JsonValueKind.Object or JsonValueKind.Null))
        {
            return Invalid("/data", "The data of an event is an object.");
        }

        id = reservation.Id;
        payload = Event(reservation, type, customer.Subject, data);
        return null;
    }

    private static byte[] Event(in Reservation reservation, string type, string subject, JsonElement data)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("specversion", "1.0");
            json.WriteString("id", Ulid.Format(reservation.Id));
            json.WriteString("source", Source);
            json.WriteString("type", type);
            json.WriteString("subject", subject);
            json.WriteString("time", InstantConverter.Format(Ulid.TimeOf(reservation.Id)));
            var isNamed = reservation.ApplicationId is not null || reservation.AgentId is not null;
            if (isNamed || data.ValueKind == JsonValueKind.Object)
            {
                json.WriteString("datacontenttype", "application/json");
                json.WritePropertyName("data");
                if (isNamed)
                {
                    WriteNamed(json, reservation, data);
                }
                else
                {
                    data.WriteTo(json);
                }
            }

            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Who used it is what the key said, whatever the gateway says.</summary>
    private static void WriteNamed(Utf8JsonWriter json, in Reservation reservation, JsonElement data)
    {
        json.WriteStartObject();
        if (data.ValueKind == JsonValueKind.Object)
        {
            foreach (var property in data.EnumerateObject().Where(property => property.Name is not (ApplicationProperty or AgentProperty)))
            {
                property.WriteTo(json);
            }
        }

        if (reservation.ApplicationId is { } application)
        {
            json.WriteString(ApplicationProperty, application);
        }

        if (reservation.AgentId is { } agent)
        {
            json.WriteString(AgentProperty, agent);
        }

        json.WriteEndObject();
    }

    private static Task AnswerAsync(HttpContext context, UInt128 id, SpoolOutcome outcome)
    {
        if (outcome != SpoolOutcome.Stored)
        {
            context.Response.Headers.RetryAfter = "1";
            return outcome == SpoolOutcome.Full
                ? ProblemAnswer.WriteAsync(context, Unavailable("spool_full"), "The server has been away for so long that there is no room left.")
                : ProblemAnswer.WriteAsync(context, Unavailable("spool_unavailable"), "Usage can not be kept now.");
        }

        var body = Encoding.ASCII.GetBytes($"{{\"eventId\":\"{Ulid.Format(id)}\"}}");
        context.Response.StatusCode = StatusCodes.Status202Accepted;
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = body.Length;
        return context.Response.Body.WriteAsync(body, context.RequestAborted).AsTask();
    }

    /// <summary>Null when the answer has been given.</summary>
    private static async Task<JsonDocument?> ReadBodyAsync(HttpContext context)
    {
        var bytes = new byte[MaxBodyBytes + 1];
        var length = await context.Request.Body.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, context.RequestAborted);
        if (length > MaxBodyBytes)
        {
            await ProblemAnswer.WriteAsync(context, TooLarge, "A settlement has at most 65,536 bytes.");
            return null;
        }

        try
        {
            CheckText(bytes.AsSpan(0, length));
            return JsonDocument.Parse(bytes.AsMemory(0, length), new JsonDocumentOptions { MaxDepth = MaxDepth });
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            await ProblemAnswer.WriteAsync(context, Denial.InvalidRequest, "The body is not JSON of valid text.", "");
            return null;
        }
    }

    /// <summary>An escaped half of a surrogate pair is well-formed JSON and no text; a document would throw only where it is read.</summary>
    /// <exception cref="InvalidOperationException">A name or a value is not text.</exception>
    private static void CheckText(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = MaxDepth });
        while (reader.Read())
        {
            if (reader.TokenType is JsonTokenType.PropertyName or JsonTokenType.String && reader.ValueIsEscaped)
            {
                _ = reader.GetString();
            }
        }
    }

    private static readonly Denial Forged =
        Denial.Plain(StatusCodes.Status401Unauthorized, "unauthenticated", "The reservation is not valid", "reservation_forged");

    private static readonly Denial UnknownCustomer =
        Denial.Plain(StatusCodes.Status409Conflict, "conflict", "The customer is gone", "customer_unknown");

    private static readonly Denial TooLarge =
        Denial.Plain(StatusCodes.Status413PayloadTooLarge, "too-large", "The request is too large", "too_large");

    private static Denial Unavailable(string reason) =>
        Denial.Plain(StatusCodes.Status503ServiceUnavailable, "not-available", "The usage can not be taken now", reason);

    private static Refusal Invalid(string pointer, string detail) => new(Denial.InvalidRequest, detail, pointer);

    private sealed record Refusal(Denial Denial, string Detail, string Pointer);
}
