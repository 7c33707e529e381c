using Metering.EnforcementSidecar.Access;
using Metering.EnforcementSidecar.Leases;
using NodaTime;

namespace Metering.EnforcementSidecar.Deciding;

/// <summary>Prepaid credit, the last that a request takes of: what it spends of a quota before is returned when the credit denies.</summary>
internal sealed partial class DecisionEngine
{
    /// <returns>False when only Host can tell; nothing is taken then. The outcome of the decision says which of the two is to be asked for.</returns>
    private static bool TryPay(CustomerEntry customer, FeatureGate feature, in Held held, Instant now, out Decision decision)
    {
        var (units, credit, terms) = (held.Units, feature.Credit!, feature.Quota);

        // As long as the credit is known to deny, nothing is taken of the quota only to be given back.
        if (credit.IsKnownToDeny(units, now))
        {
            held.GiveBack();
            decision = Unpaid(DecisionOutcome.CreditExhausted, customer, feature, units, now);
            return true;
        }

        var spent = terms is null ? SpendOutcome.Spent : feature.Account.TrySpend(units, terms, now);
        if (spent != SpendOutcome.Spent)
        {
            return TryRefuse(customer, spent, held, now, out decision);
        }

        var paid = credit.TrySpend(units, now);
        if (paid == SpendOutcome.Spent)
        {
            var quota = terms is null ? default : feature.Account.StateAt(terms, now);
            decision = Allowed(customer, held, now, quota) with { Credit = credit.StateAt(now) };
            return true;
        }

        if (terms is not null)
        {
            feature.Account.Return(units, terms, now);
        }

        held.GiveBack();
        var outcome = paid == SpendOutcome.Exhausted ? DecisionOutcome.CreditExhausted : DecisionOutcome.CreditUndecided;
        decision = Unpaid(outcome, customer, feature, units, now);
        return paid == SpendOutcome.Exhausted;
    }

    /// <summary>Asks Host for what is missing, units or money, as often as it takes while there is time.</summary>
    private async Task<Decision> AskAndPayAsync(
        CustomerEntry customer, FeatureGate feature, long units, long started, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (TryDecide(customer, feature, units, time.Now, out var decision))
            {
                return decision;
            }

            var isMoney = decision.Outcome == DecisionOutcome.CreditUndecided;
            var asked = isMoney
                ? await WaitAsync(() => feature.Credit!.AcquireAsync(units), started, cancellationToken)
                : await AskHostAsync(feature, units, started, cancellationToken);
            if (asked == AcquireOutcome.Answered)
            {
                continue;
            }

            return isMoney
                ? Unpaid(UnpaidAfter(asked), customer, feature, units, time.Now)
                : new Decision(
                    UndecidedAfter(asked), customer, feature, units, time.Now, default, default, feature.Account.StateAt(feature.Quota!, time.Now));
        }
    }

    /// <summary>Of the units of one feature that several questions take together.</summary>
    /// <returns>When it was paid, or why it was not.</returns>
    private async Task<(Instant At, Decision? Refusal)> PayOrRefuseAsync(
        CustomerEntry customer, FeatureGate feature, long units, CancellationToken cancellationToken)
    {
        var started = monotonic.GetTimestamp();
        while (true)
        {
            var now = time.Now;
            var paid = feature.Credit!.TrySpend(units, now);
            if (paid != SpendOutcome.NeedsUnits)
            {
                return (now, paid == SpendOutcome.Spent ? null : Unpaid(DecisionOutcome.CreditExhausted, customer, feature, units, now));
            }

            var asked = await WaitAsync(() => feature.Credit.AcquireAsync(units), started, cancellationToken);
            if (asked != AcquireOutcome.Answered)
            {
                return (now, Unpaid(UnpaidAfter(asked), customer, feature, units, now));
            }
        }
    }

    /// <summary>More units of a request that is under way.</summary>
    /// <returns>Why they are not paid for; null when they are.</returns>
    public async Task<Decision?> PayMoreAsync(CustomerEntry customer, FeatureGate feature, long units, CancellationToken cancellationToken) =>
        (await PayOrRefuseAsync(customer, feature, units, cancellationToken)).Refusal;

    private static DecisionOutcome UnpaidAfter(AcquireOutcome outcome) =>
        outcome == AcquireOutcome.UnknownEntitlement ? DecisionOutcome.CreditUnknown : DecisionOutcome.CreditUndecided;

    private static Decision Unpaid(DecisionOutcome outcome, CustomerEntry customer, FeatureGate feature, long units, Instant now) =>
        new(outcome, customer, feature, units, now, default, default, default) { Credit = feature.Credit!.StateAt(now) };
}
