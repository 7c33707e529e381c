using System.Collections.Immutable;

namespace Metering.Rating;

/// <summary>What was burnt within one phase.</summary>
/// <remarks>
/// <c>OverageAtStart + Usage = Σ Used + OverageAtEnd</c>, exactly. What happened to grants and overage at the boundary between two
/// segments is in the <see cref="BurnDownResult.Movements"/>: it is why the balances at the start of one can differ from those at the end
/// of the segment before.
/// </remarks>
public sealed record BurnSegment
{
    /// <summary>The time; segments follow each other without gap or overlap from the start of the run to its end.</summary>
    public required ServicePeriod Period { get; init; }

    /// <summary>How much was used.</summary>
    public required decimal Usage { get; init; }

    /// <summary>What was owed when the segment began, after grants had paid of it what they could.</summary>
    public required decimal OverageAtStart { get; init; }

    /// <summary>What is owed at its end: usage that no grant covered.</summary>
    public required decimal OverageAtEnd { get; init; }

    /// <summary>Each grant in force, in burn order, also those that nothing was taken from.</summary>
    public required ImmutableArray<GrantBurn> Grants { get; init; }

    /// <summary>What all grants held when the segment began.</summary>
    public decimal BalanceAtStart => Grants.Sum(grant => grant.BalanceAtStart);

    /// <summary>What all grants hold at its end.</summary>
    public decimal BalanceAtEnd => Grants.Sum(grant => grant.BalanceAtEnd);
}
