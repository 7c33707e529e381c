using System.Globalization;
using System.Text.Json;
using Metering.Contracts.Sidecar;
using Metering.EnforcementSidecar.Access;
using Metering.EnforcementSidecar.Identifiers;
using Metering.EnforcementSidecar.Reservations;
using Metering.EnforcementSidecar.Spooling;

namespace Metering.EnforcementSidecar.Http;

/// <summary>
/// <c>POST /v1/settle</c>: the gateway tells what an admitted request used, and the answer comes when that is on disk. The
/// reservation names the event and the quotas, so settling twice is one event and one settlement, of the period of the check.
/// </summary>
internal sealed class SettleEndpoint(AccessState access, OpenReservations open, OutputHistory outputs, EventSpool spool)
{
    public const int MaxTypeLength = 256;
    private static readonly string[] Fields = ["type", "data", "units", "cancelled"];

    public async Task HandleAsync(HttpContext context)
    {
        if (await PostedReservation.ReadAsync(context, access) is not { } posted)
        {
            return;
        }

        using var body = posted.Body;
        if (Compose(body.RootElement, posted.Directory, out var settlement) is { } refusal)
        {
            await ProblemAnswer.WriteAsync(context, refusal.Denial, refusal.Detail, refusal.Pointer);
            return;
        }

        // While the event is written the clock does not settle the call as well. Should it have begun to, the first of the two stands at Host.
        var mine = settlement.Open is { } one && one.TryClaim() ? one : null;
        var outcome = SpoolOutcome.NotWritable;
        try
        {
            outcome = await spool.AppendAsync(settlement.Payload);
        }
        finally
        {
            if (outcome != SpoolOutcome.Stored)
            {
                mine?.GiveUp();
            }
        }

        if (outcome == SpoolOutcome.Stored && mine is not null)
        {
            Learn(mine, settlement);
        }

        await AnswerAsync(context, settlement, outcome);
    }

    /// <summary>Null when the event is composed.</summary>
    private Refusal? Compose(JsonElement body, AccessDirectory directory, out Settlement settlement)
    {
        settlement = default;
        if (PostedReservation.TryFind(body, Fields, directory, out var reservation) is { } refusal)
        {
            return refusal;
        }

        // The request is over, whether or not its usage can be kept.
        directory.Release(reservation);
        var known = open.Find(reservation.Id);
        reservation = known?.NewestOf(reservation, directory.ReservationKey) ?? reservation;
        var customer = directory.FindById(reservation.CustomerId);
        var feature = customer?.Find(reservation.FeatureKey);
        var type = !body.TryGetProperty("type", out var given) ? feature?.EventType
            : given.ValueKind == JsonValueKind.String ? given.GetString()
            : "";
        if (customer is null)
        {
            return Refusal.CustomerGone;
        }

        if (type is not { Length: > 0 })
        {
            return Refusal.Invalid("/type", "The feature has no meter of its own, so the event type is required.");
        }

        // What the ledger would refuse must be refused while the gateway still listens: after 202 nobody does.
        if (type.Length > MaxTypeLength || type.AsSpan().ContainsAnyInRange('\0', '\u001f'))
        {
            return Refusal.Invalid("/type", "An event type has at most 256 characters, and no control characters.");
        }

        if (body.TryGetProperty("data", out var data) && data.ValueKind is not (JsonValueKind.Object or JsonValueKind.Null))
        {
            return Refusal.Invalid("/data", "The data of an event is an object.");
        }

        var counts = known?.Counts
            ?? (reservation.PromptTokens is null ? (CountedTokens?)null : feature?.Reservation?.Counts ?? CountedTokens.Total);
        if (Measure(body, data, reservation, counts, out var used) is { } unclear)
        {
            return unclear;
        }

        var isKept = used.Units is not null || !reservation.Quotas.IsDefaultOrEmpty;
        var units = isKept ? used.Units ?? reservation.Units : (long?)null;
        var payload = SettledEvent.Compose(reservation, type, customer.Subject, data, used.Counted, units);
        settlement = new Settlement(reservation, payload, units, used.OutputTokens, used.Model, known);
        return null;
    }

    /// <summary>
    /// What the request used: as the gateway says in units, as the provider reported it, or as far as a broken stream got. Otherwise everything
    /// that was reserved: what is not known is not nothing.
    /// </summary>
    private static Refusal? Measure(JsonElement body, JsonElement data, in Reservation reservation, CountedTokens? counts, out Use used)
    {
        used = default;
        if (!PostedReservation.TryCount(body, "units", CheckEndpoint.MaxUnits, out var units))
        {
            return Refusal.Invalid("/units", "The units that were used are a whole number, at most 1,000,000,000,000.");
        }

        ActualUsage? reported = null;
        if (counts is { } classes && ActualUsage.TryRead(data, classes, out reported) is { } problem)
        {
            return Refusal.Invalid("/data", $"The data {problem}.");
        }

        if (body.TryGetProperty("cancelled", out var cancelled))
        {
            if (cancelled.ValueKind != JsonValueKind.Object
                || !PostedReservation.TryCount(cancelled, "outputTokens", ReservationHeaders.MaxCount, out var tokens)
                || !PostedReservation.TryCount(cancelled, "outputBytes", ReservationHeaders.MaxCount, out var bytes)
                || (tokens ?? bytes) is not { } streamed)
            {
                return Refusal.Invalid("/cancelled", "How far the stream got is said as outputTokens or outputBytes, a whole number.");
            }

            if (counts is not { } counted)
            {
                return Refusal.Invalid("/cancelled", "The reservation is no call of a model.");
            }

            if (reported is null)
            {
                var call = new CountedCall(
                    reservation.PromptTokens ?? 0, tokens is null ? ReservationSizing.TokensIn(streamed) : streamed, Orphaned: false);
                used = new Use(units ?? call.UnitsOf(counted), null, null, call);
                return null;
            }
        }

        used = new Use(units ?? reported?.Units, reported?.OutputTokens, reported?.Model, null);
        return null;
    }

    private void Learn(OpenReservation mine, in Settlement settlement)
    {
        open.Close(mine);
        if (settlement.OutputTokens is { } tokens && (mine.Model ?? settlement.Model) is { Length: <= ReservationHeaders.MaxModelLength } model)
        {
            outputs.Saw(model, tokens);
        }

        var (reserved, used) = (settlement.Reservation.Units, settlement.Used ?? settlement.Reservation.Units);
        SidecarMetrics.ReservedUnits.Add(reserved);
        SidecarMetrics.UnusedUnits.Add(Math.Max(0, reserved - used));
        SidecarMetrics.OverrunUnits.Add(Math.Max(0, used - reserved));
    }

    private static Task AnswerAsync(HttpContext context, in Settlement settlement, SpoolOutcome outcome)
    {
        if (outcome != SpoolOutcome.Stored)
        {
            context.Response.Headers.RetryAfter = "1";
            return outcome == SpoolOutcome.Full
                ? ProblemAnswer.WriteAsync(
                    context, Denial.UsageNotTaken("spool_full"), "The server has been away for so long that there is no room left.")
                : ProblemAnswer.WriteAsync(context, Denial.UsageNotTaken("spool_unavailable"), "Usage can not be kept now.");
        }

        if (settlement.Used > settlement.Reservation.Units)
        {
            context.Response.Headers[HeaderNames.Overrun] =
                (settlement.Used.Value - settlement.Reservation.Units).ToString(CultureInfo.InvariantCulture);
        }

        var (id, reserved, used) = (settlement.Reservation.Id, settlement.Reservation.Units, settlement.Used);
        return JsonAnswer.WriteAsync(context, StatusCodes.Status202Accepted, json =>
        {
            json.WriteString("eventId", Ulid.Format(id));
            if (used is { } units)
            {
                json.WriteNumber("reserved", reserved);
                json.WriteNumber("used", units);
            }
        });
    }

    /// <param name="Units">Null when nothing is known.</param>
    private readonly record struct Use(long? Units, long? OutputTokens, string? Model, CountedCall? Counted);

    private readonly record struct Settlement(
        Reservation Reservation, byte[] Payload, long? Used, long? OutputTokens, string? Model, OpenReservation? Open);
}
