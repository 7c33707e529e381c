using System.Collections.Immutable;

namespace Metering.Contracts.Sidecar;

/// <summary>A price per unit, or in tiers, as the plan has it.</summary>
/// <param name="Model"><c>unit</c>, <c>graduated</c> or <c>volume</c>.</param>
/// <param name="Amount">Of one unit, in major units of the currency; null when there are tiers.</param>
/// <param name="Tiers">In order, the last one open; empty for <c>unit</c>.</param>
public sealed record CreditPrice(string Model, decimal? Amount, ImmutableArray<CreditTier> Tiers)
{
    public const string Unit = "unit";
    public const string Graduated = "graduated";
    public const string Volume = "volume";
}
