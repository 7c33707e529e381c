using Metering.Contracts.Sidecar;
using Metering.EnforcementSidecar.Access;
using Metering.EnforcementSidecar.Deciding;
using Metering.EnforcementSidecar.Leases;
using Metering.EnforcementSidecar.Time;

namespace Metering.EnforcementSidecar.Reservations;

/// <summary>More units for a request that is under way. It has passed its rate limits already; only quota and credit are asked.</summary>
internal sealed class ReservationExtending(DecisionEngine engine, ProductTime time, TimeProvider monotonic)
{
    public async Task<Decision> TakeAsync(CustomerEntry customer, FeatureGate feature, long units, CancellationToken cancellationToken)
    {
        var decision = await TakeUnitsAsync(customer, feature, units, cancellationToken);
        if (!decision.IsAllowed || units == 0 || feature.Credit is not { } credit)
        {
            return decision;
        }

        if (await engine.PayMoreAsync(customer, feature, units, cancellationToken) is not { } unpaid)
        {
            return decision with { Credit = credit.StateAt(time.Now) };
        }

        if (feature.Quota is { } terms)
        {
            feature.Account.Return(units, terms, decision.At);
        }

        return unpaid;
    }

    private async Task<Decision> TakeUnitsAsync(CustomerEntry customer, FeatureGate feature, long units, CancellationToken cancellationToken)
    {
        var started = monotonic.GetTimestamp();
        while (true)
        {
            var now = time.Now;
            if (customer.Status != CustomerStatus.Active || !feature.IsActive(now))
            {
                var refused = customer.Status != CustomerStatus.Active ? DecisionOutcome.CustomerSuspended : DecisionOutcome.FeatureNotEntitled;
                return new Decision(refused, customer, feature, units, now, default, default, default);
            }

            if (units == 0 || feature.Quota is not { } terms)
            {
                return new Decision(DecisionOutcome.Allowed, customer, feature, units, now, default, default, default);
            }

            var spent = feature.Account.TrySpend(units, terms, now);
            if (spent != SpendOutcome.NeedsUnits)
            {
                var outcome = spent == SpendOutcome.Spent ? DecisionOutcome.Allowed : DecisionOutcome.QuotaExhausted;
                return new Decision(outcome, customer, feature, units, now, default, default, feature.Account.StateAt(terms, now));
            }

            var left = DecisionEngine.MaxWait - monotonic.GetElapsedTime(started);
            var asked = await AskAsync(feature.Account.AcquireAsync(units, terms), left, cancellationToken);
            if (asked != AcquireOutcome.Answered)
            {
                var outcome = asked == AcquireOutcome.UnknownEntitlement ? DecisionOutcome.QuotaUnknown : DecisionOutcome.QuotaUndecided;
                return new Decision(outcome, customer, feature, units, time.Now, default, default, feature.Account.StateAt(terms, time.Now));
            }
        }
    }

    private async Task<AcquireOutcome> AskAsync(Task<AcquireOutcome> answer, TimeSpan left, CancellationToken cancellationToken)
    {
        try
        {
            return left <= TimeSpan.Zero ? AcquireOutcome.Unavailable : await answer.WaitAsync(left, monotonic, cancellationToken);
        }
        catch (TimeoutException)
        {
            return AcquireOutcome.Unavailable;
        }
    }
}
