using Metering.EnforcementSidecar.Access;
using Metering.EnforcementSidecar.Leases;
using NodaTime;

namespace Metering.EnforcementSidecar.Deciding;

/// <summary>Several questions of one customer that are all answered yes, or none is.</summary>
internal sealed partial class DecisionEngine
{
    /// <summary>
    /// Everything that can be given back is taken first, for all questions. The quotas come last, each feature's as one sum; what was spent of
    /// those before the one that denies stays spent in its lease and is spent again by the next request.
    /// </summary>
    /// <returns>One decision for each question, all allowed; or the one denial and the index of its question.</returns>
    public async Task<(Decision[] Allowed, Decision? Denial, int DeniedAt)> DecideTogetherAsync(
        CustomerEntry customer, IReadOnlyList<Question> questions, CancellationToken cancellationToken)
    {
        var held = new List<Held>(questions.Count);
        var spent = new List<(FeatureGate Feature, long Units, Instant At)>();
        var paid = new List<(FeatureGate Feature, long Units, Instant At)>();
        var isKept = false;
        try
        {
            var started = monotonic.GetTimestamp();
            foreach (var question in questions)
            {
                var (one, refusal) = await HoldOrRefuseAsync(customer, question, started, cancellationToken);
                if (refusal is not null)
                {
                    return ([], refusal, held.Count);
                }

                held.Add(one);
            }

            foreach (var group in questions.Index().Where(one => one.Item.Feature.Quota is not null).GroupBy(one => one.Item.Feature))
            {
                var units = group.Sum(one => one.Item.Units);
                var (at, refusal) = await SpendOrRefuseAsync(customer, group.Key, units, cancellationToken);
                if (refusal is not null)
                {
                    return ([], refusal, group.First().Index);
                }

                spent.Add((group.Key, units, at));
            }

            foreach (var group in questions.Index().Where(one => one.Item.Feature.Credit is not null).GroupBy(one => one.Item.Feature))
            {
                var units = group.Sum(one => one.Item.Units);
                var (at, refusal) = await PayOrRefuseAsync(customer, group.Key, units, cancellationToken);
                if (refusal is not null)
                {
                    return ([], refusal, group.First().Index);
                }

                paid.Add((group.Key, units, at));
            }

            isKept = true;
            return ([.. held.Select(one => AllowedNow(customer, one))], null, -1);
        }
        finally
        {
            if (!isKept)
            {
                held.ForEach(one => one.GiveBack());
                spent.ForEach(one => one.Feature.Account.Return(one.Units, one.Feature.Quota!, one.At));
                paid.ForEach(one => one.Feature.Credit!.Return(one.Units, one.At));
            }
        }
    }

    private Decision AllowedNow(CustomerEntry customer, in Held held)
    {
        var now = time.Now;
        return Allowed(customer, held, now, held.Feature.Quota is { } terms ? held.Feature.Account.StateAt(terms, now) : default) with
        {
            Credit = held.Feature.Credit?.StateAt(now) ?? default,
        };
    }

    /// <returns>What is held, or why nothing is.</returns>
    private async Task<(Held Held, Decision? Refusal)> HoldOrRefuseAsync(
        CustomerEntry customer, Question question, long started, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (TryHold(customer, question.Feature, question.Units, time.Now, out var held, out var refusal, out var lacking))
            {
                return (held, null);
            }

            if (lacking is null)
            {
                return (default, refusal);
            }

            var outcome = await AskForShareAsync(customer, question.Feature, lacking, question.Units, started, cancellationToken);
            if (outcome != AcquireOutcome.Answered)
            {
                return (default, Undecided(customer, question.Feature, question.Units, lacking, outcome));
            }
        }
    }

    /// <returns>When the units were spent, or why they were not.</returns>
    private async Task<(Instant At, Decision? Refusal)> SpendOrRefuseAsync(
        CustomerEntry customer, FeatureGate feature, long units, CancellationToken cancellationToken)
    {
        var started = monotonic.GetTimestamp();
        var (account, terms) = (feature.Account, feature.Quota!);
        while (true)
        {
            var now = time.Now;
            var spent = account.TrySpend(units, terms, now);
            if (spent != SpendOutcome.NeedsUnits)
            {
                return (now, spent == SpendOutcome.Spent ? null : Refuse(DecisionOutcome.QuotaExhausted, now));
            }

            var outcome = await AskHostAsync(feature, units, started, cancellationToken);
            if (outcome != AcquireOutcome.Answered)
            {
                return (now, Refuse(UndecidedAfter(outcome), now));
            }
        }

        Decision Refuse(DecisionOutcome outcome, Instant now) =>
            new(outcome, customer, feature, units, now, default, default, account.StateAt(terms, now));
    }
}
