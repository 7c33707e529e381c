namespace Metering.Rating;

/// <summary>Refuses input that contradicts itself. Checked once at the edge; the rest relies on it.</summary>
internal static class BurnDownChecks
{
    public static void Check(BurnDownInput input)
    {
        ArgumentNullException.ThrowIfNull(input);
        GrantBounds.CheckCount(input.Grants.Length, GrantBounds.GrantsMax, "Grants");
        Refuse(input.Start < input.MeasuredFrom, $"The snapshot is of {input.Start.ToText()}, before measurement begins.");
        Refuse(input.Until < input.Start, $"The run ends at {input.Until.ToText()}, before it starts at {input.Start.ToText()}.");
        CheckGrants(input);
        CheckResets(input);
        CheckSnapshot(input);
    }

    private static void CheckGrants(BurnDownInput input)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var grant in input.Grants)
        {
            Refuse(!seen.Add(grant.Id), $"Two grants have the id {grant.Id}.");
        }
    }

    private static void CheckResets(BurnDownInput input)
    {
        var seen = new HashSet<NodaTime.Instant>();
        foreach (var reset in input.Resets)
        {
            Refuse(reset.At < input.MeasuredFrom, $"The reset at {reset.At.ToText()} is before measurement begins.");
            Refuse(!seen.Add(reset.At), $"Two resets are at {reset.At.ToText()}.");
        }
    }

    /// <summary>A snapshot that does not fit its grants was taken before one of them was issued or voided, and would give a wrong balance.</summary>
    private static void CheckSnapshot(BurnDownInput input)
    {
        if (input.Snapshot is not { } snapshot)
        {
            return;
        }

        Refuse(snapshot.PeriodStart > snapshot.At, "The usage period of the snapshot begins after the snapshot.");
        var held = snapshot.Balances.Select(balance => balance.GrantId).ToHashSet(StringComparer.Ordinal);
        foreach (var grant in input.Grants.Where(grant => grant.IsInForceAt(snapshot.At)))
        {
            Refuse(!held.Remove(grant.Id), $"The snapshot lacks the grant {grant.Id}, which is in force at {snapshot.At.ToText()}.");
        }

        foreach (var grantId in held)
        {
            Refuse(true, $"The snapshot has a balance for {grantId}, which is not a grant in force at {snapshot.At.ToText()}.");
        }
    }

    private static void Refuse(bool wrong, string message)
    {
        if (wrong)
        {
            throw new ArgumentException(message, "input");
        }
    }
}
