using System.Collections.Immutable;

namespace Metering.Rating;

/// <summary>How grants were burnt: segment by segment, what changed between them, and where it ended.</summary>
/// <remarks>
/// Two laws hold exactly. Of the grants, each and together: <c>opening + granted = used + expired + voided + forfeited + closing</c>, see
/// <see cref="GrantAccount"/>. Of the usage: <c>overage at the start + usage = used + overage forgiven + overage at the end</c>.
/// </remarks>
public sealed record BurnDownResult
{
    /// <summary>From the start of the run to its end, without gap or overlap; none when the run has no length.</summary>
    public required ImmutableArray<BurnSegment> Segments { get; init; }

    /// <summary>What changed balances at instants, in the order in which it happened; those at the very end of the run included.</summary>
    public required ImmutableArray<GrantMovement> Movements { get; init; }

    /// <summary>Where the amount of each grant of the input went, in burn order.</summary>
    public required ImmutableArray<GrantAccount> Accounts { get; init; }

    /// <summary>The overage that resets dropped.</summary>
    public required decimal OverageForgiven { get; init; }

    /// <summary>The state at the end: balances, overage, and usage of the current usage period. A later run may start from it.</summary>
    public required GrantSnapshot Snapshot { get; init; }
}
