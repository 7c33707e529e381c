using System.Collections.Immutable;
using NodaTime;

namespace Metering.Rating;

/// <summary>Everything a burn-down depends on. The order within the lists has no meaning.</summary>
public sealed record BurnDownInput
{
    /// <summary>
    /// Where measurement begins. Usage before it is not counted. Grants that are in force at it hold their full amount then, however long
    /// they have been effective. Cut down to its microsecond.
    /// </summary>
    public required Instant MeasuredFrom { get; init => field = value.ToMicroseconds(); }

    /// <summary>
    /// Up to when usage is burnt, this instant not included. What happens to grants at exactly this instant is included: the final snapshot
    /// tells the balances that usage from here on finds. Cut down to its microsecond.
    /// </summary>
    public required Instant Until { get; init => field = value.ToMicroseconds(); }

    /// <summary>All grants of the balance, also those that are over or not yet effective.</summary>
    public required ImmutableArray<Grant> Grants { get; init; }

    /// <summary>All resets since measurement began. One at or before the start of the run has no effect; the snapshot already knows it.</summary>
    public ImmutableArray<GrantReset> Resets { get; init; } = [];

    /// <summary>What was used. A segment wholly before the start of the run or wholly after its end has no effect.</summary>
    public ImmutableArray<UsageSegment> Usage { get; init; } = [];

    /// <summary>Where to start instead of at the beginning; null for the beginning. Affects the cost of the run, never its meaning.</summary>
    public GrantSnapshot? Snapshot { get; init; }

    /// <summary>Where the run starts: at the snapshot, or else where measurement begins.</summary>
    public Instant Start => Snapshot?.At ?? MeasuredFrom;
}
