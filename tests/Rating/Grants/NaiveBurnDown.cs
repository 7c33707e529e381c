using NodaTime;

namespace Metering.Rating.Tests;

/// <summary>
/// What the balances should be, computed the slow and obvious way: step by step over the grid, with all grants sorted anew each time. Knows
/// neither phases nor snapshots.
/// </summary>
internal static class NaiveBurnDown
{
    /// <summary>Balances of the grants in force at the end, and the overage. Each microsecond beside the grid is a step of its own.</summary>
    public static (IReadOnlyDictionary<string, decimal> Balances, decimal Overage) Run(BurnDownInput input)
    {
        var (balances, overage) = (new Dictionary<string, decimal>(), 0m);
        for (var step = 0; GeneratedGrants.At(step) <= input.Until; step++)
        {
            foreach (var microseconds in new[] { 0, 1 })
            {
                var now = GeneratedGrants.At(step) + Duration.FromNanoseconds(microseconds * 1000L);
                if (now > input.Until)
                {
                    continue;
                }

                if (microseconds == 0)
                {
                    overage = Change(input, now, balances, overage);
                    overage = Burn(input, balances, overage);
                }

                if (now < input.Until)
                {
                    overage = Burn(input, balances, overage + input.Usage.Where(use => use.Period.Start == now).Sum(use => use.Quantity));
                }
            }
        }

        return (balances, overage);
    }

    private static decimal Change(BurnDownInput input, Instant now, Dictionary<string, decimal> balances, decimal overage)
    {
        foreach (var grant in input.Grants.Where(grant => grant.ExpiresAt <= now || grant.VoidedAt <= now))
        {
            balances.Remove(grant.Id);
        }

        if (now != input.MeasuredFrom && input.Resets.SingleOrDefault(reset => reset.At == now) is { } reset)
        {
            foreach (var grant in input.Grants.Where(grant => balances.ContainsKey(grant.Id)))
            {
                var balance = balances[grant.Id];
                balance = balance < grant.MinRollover ? grant.MinRollover : balance;
                balances[grant.Id] = balance > grant.MaxRollover ? grant.MaxRollover : balance;
            }

            overage = reset.Overage == OverageAtReset.Preserved ? overage : 0m;
        }

        foreach (var grant in input.Grants.Where(grant => !(grant.ExpiresAt <= now || grant.VoidedAt <= now)))
        {
            var begins = grant.EffectiveAt == now || (grant.EffectiveAt < now && now == input.MeasuredFrom);
            if (begins || (grant.EffectiveAt < now && Recurs(grant, now)))
            {
                balances[grant.Id] = grant.Amount;
            }
        }

        return overage;
    }

    private static bool Recurs(Grant grant, Instant now) =>
        grant.Recurrence is { } calendar
        && (now - calendar.Anchor).ToInt64Nanoseconds() % Duration.FromDays(calendar.Cadence.Count).ToInt64Nanoseconds() == 0;

    private static decimal Burn(BurnDownInput input, Dictionary<string, decimal> balances, decimal owed)
    {
        var order = input.Grants
            .Where(grant => balances.ContainsKey(grant.Id))
            .OrderBy(grant => grant.Priority)
            .ThenBy(grant => grant.ExpiresAt ?? Instant.MaxValue)
            .ThenBy(grant => grant.CreatedAt)
            .ThenBy(grant => grant.Id, StringComparer.Ordinal);
        foreach (var id in order.Select(grant => grant.Id))
        {
            var taken = balances[id] < owed ? balances[id] : owed;
            balances[id] -= taken;
            owed -= taken;
        }

        return owed;
    }
}
