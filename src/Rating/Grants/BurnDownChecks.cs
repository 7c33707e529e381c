using NodaTime;

namespace Metering.Rating;

/// <summary>Refuses input that contradicts itself. Checked once at the edge; the rest relies on it.</summary>
internal static class BurnDownChecks
{
    public static void Check(BurnDownInput input)
    {
        ArgumentNullException.ThrowIfNull(input);
        GrantBounds.CheckCount(input.Grants.Length, GrantBounds.GrantsMax, "Grants");
        if (input.Start < input.MeasuredFrom)
        {
            throw Contradiction($"The snapshot is of {input.Start.ToText()}, before measurement begins.");
        }

        if (input.Until < input.Start)
        {
            throw Contradiction($"The run ends at {input.Until.ToText()}, before it starts at {input.Start.ToText()}.");
        }

        CheckGrants(input);
        CheckResets(input);
        if (input.Snapshot is { } snapshot)
        {
            CheckSnapshot(input, snapshot);
        }
    }

    private static void CheckGrants(BurnDownInput input)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        if (input.Grants.FirstOrDefault(grant => !seen.Add(grant.Id)) is { } twice)
        {
            throw Contradiction($"Two grants have the id {twice.Id}.");
        }
    }

    private static void CheckResets(BurnDownInput input)
    {
        var seen = new HashSet<Instant>();
        foreach (var at in input.Resets.Select(reset => reset.At))
        {
            if (at < input.MeasuredFrom)
            {
                throw Contradiction($"The reset at {at.ToText()} is before measurement begins.");
            }

            if (!seen.Add(at))
            {
                throw Contradiction($"Two resets are at {at.ToText()}.");
            }
        }
    }

    /// <summary>A snapshot that does not fit its grants was taken before one of them was issued or voided, and would give a wrong balance.</summary>
    private static void CheckSnapshot(BurnDownInput input, GrantSnapshot snapshot)
    {
        if (snapshot.PeriodStart > snapshot.At)
        {
            throw Contradiction("The usage period of the snapshot begins after the snapshot.");
        }

        var held = snapshot.Balances.Select(balance => balance.GrantId).ToHashSet(StringComparer.Ordinal);
        var inForce = input.Grants.Where(grant => grant.IsInForceAt(snapshot.At));
        if (inForce.FirstOrDefault(grant => !held.Remove(grant.Id)) is { } missing)
        {
            throw Contradiction($"The snapshot lacks the grant {missing.Id}, which is in force at {snapshot.At.ToText()}.");
        }

        if (held.FirstOrDefault() is { } unknown)
        {
            throw Contradiction($"The snapshot has a balance for {unknown}, which is not a grant in force at {snapshot.At.ToText()}.");
        }
    }

    private static ArgumentException Contradiction(string message) => new(message, "input");
}
