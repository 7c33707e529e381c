using Metering.Contracts.Sidecar;
using Metering.EnforcementSidecar.Access;
using Metering.EnforcementSidecar.Reservations;

namespace Metering.EnforcementSidecar.Http;

/// <summary>
/// <c>POST /v1/extend</c>: a stream is about to be longer than was reserved. More is taken from the same quota, or it is denied and the gateway
/// cuts the stream off. The answer has another reservation, which stands for all of it.
/// </summary>
internal sealed class ExtendEndpoint(AccessState access, OpenReservations open, ReservationExtending extending)
{
    private static readonly string[] Fields = ["tokens"];

    public async Task HandleAsync(HttpContext context)
    {
        if (await PostedReservation.ReadAsync(context, access) is not { } posted)
        {
            return;
        }

        using var body = posted.Body;
        var refusal = PostedReservation.TryFind(body.RootElement, Fields, posted.Directory, out var reservation);
        long? tokens = null;
        if (refusal is null && (!PostedReservation.TryCount(body.RootElement, "tokens", CheckEndpoint.MaxUnits, out tokens) || tokens is not > 0))
        {
            refusal = Refusal.Invalid("/tokens", "By how many tokens it is extended is a whole number from 1 to 1,000,000,000,000.");
        }

        var customer = posted.Directory.FindById(reservation.CustomerId ?? "");
        refusal ??= customer is null ? Refusal.CustomerGone : null;
        refusal ??= reservation.Units > CheckEndpoint.MaxUnits - tokens ? Refusal.Invalid("/tokens", "The reservation would be too large.") : null;
        if (refusal is not null)
        {
            await ProblemAnswer.WriteAsync(context, refusal.Denial, refusal.Detail, refusal.Pointer);
            return;
        }

        await ExtendAsync(context, posted.Directory, customer!, reservation, tokens!.Value);
    }

    private async Task ExtendAsync(HttpContext context, AccessDirectory directory, CustomerEntry customer, Reservation reservation, long tokens)
    {
        var feature = customer.Find(reservation.FeatureKey);
        if (feature is null)
        {
            await ProblemAnswer.WriteAsync(context, Denial.FeatureGone, "The customer's plan does not give this feature now.");
            return;
        }

        var units = feature.Reservation?.Counts == CountedTokens.Input ? 0 : tokens;
        var decision = await extending.TakeAsync(customer, feature, units, context.RequestAborted);
        if (!decision.IsAllowed)
        {
            var retryAfter = RateLimitHeaders.RetryAfterSeconds(decision);
            await ProblemAnswer.WriteAsync(context, Denial.Of(decision.Outcome), decision, retryAfter);
            return;
        }

        ReservedQuota? taken = units > 0 && feature.Quota is { IsLevel: false } quota
            ? new ReservedQuota(quota.EntitlementId, decision.Quota.Known ? decision.Quota.PeriodStart : null, units)
            : null;
        var token = Sign(directory, reservation, units, taken, units > 0 ? AdmittedRequests.CreditOf(decision) : null, feature.Reservation);
        await JsonAnswer.WriteAsync(context, StatusCodes.Status200OK, json =>
        {
            json.WriteString("reservation", token.Text);
            json.WriteNumber("units", token.Units);
        });
    }

    /// <summary>Two extensions at a time add up: each starts from what the other has left.</summary>
    private (string Text, long Units) Sign(
        AccessDirectory directory, in Reservation posted, long units, ReservedQuota? taken, ReservedQuota? credit, ReservationTerms? terms)
    {
        if (open.Find(posted.Id) is not { } known || terms is null)
        {
            var alone = posted.Extended(units, taken).Extended(0, credit);
            return (ReservationToken.Sign(alone, directory.ReservationKey), alone.Units);
        }

        lock (known)
        {
            var extended = known.NewestOf(posted, directory.ReservationKey).Extended(units, taken).Extended(0, credit);
            var token = ReservationToken.Sign(extended, directory.ReservationKey);
            open.Extend(known, token, terms);
            return (token, extended.Units);
        }
    }
}
