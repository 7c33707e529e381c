using System.Collections.Immutable;

namespace Metering.Rating;

/// <summary>
/// A rate card as somebody wrote it. Its price is either a price that exists or, when its tiers are not known to be sound, a draft of tiers.
/// </summary>
public sealed record RateCardDraft
{
    /// <summary>The price; null when <see cref="Tiered"/> is given or the card costs nothing.</summary>
    public Price? Price { get; init; }

    /// <summary>Tiers that are not known to be sound.</summary>
    public TieredDraft? Tiered { get; init; }

    /// <summary>The currency that the card names; null for the plan's.</summary>
    public Currency? Currency { get; init; }

    /// <summary>How often it is billed; null for the plan's cadence.</summary>
    public Cadence? Cadence { get; init; }

    /// <summary>The most it costs per period.</summary>
    public decimal? MaximumAmount { get; init; }

    /// <summary>The least it costs per period.</summary>
    public decimal? MinimumAmount { get; init; }

    /// <summary>A percentage off what it costs.</summary>
    public decimal PercentageDiscount { get; init; }

    /// <summary>What one unit costs whoever sells it; null when that is not known.</summary>
    public decimal? UnitCost { get; init; }

    /// <summary>Combinations of dimension values that are known to occur, each in the order of the price's dimensions.</summary>
    public ImmutableArray<ImmutableArray<string>> KnownValues { get; init; } = [];
}
