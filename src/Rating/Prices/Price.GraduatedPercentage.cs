using System.Collections.Immutable;

namespace Metering.Rating;

public abstract partial record Price
{
    /// <summary>A percentage of an amount, where each part of the amount pays the rate of the tier it falls in.</summary>
    /// <remarks>
    /// The usage is an amount in major units of the plan's currency, such as a billing volume. Tiers and their flat amounts behave as those of
    /// <see cref="Graduated"/>; only what a tier charges per unit is said as a percentage.
    /// </remarks>
    public sealed record GraduatedPercentage : Price
    {
        private readonly ImmutableArray<TierStep> steps;

        /// <summary>Tiers in ascending order, the last one open.</summary>
        /// <exception cref="InvalidPriceException"><see cref="Check"/> finds an error.</exception>
        public GraduatedPercentage(ImmutableArray<PercentageTier> tiers, TierEntry firstTier = TierEntry.WhenPeriodOpens)
        {
            InvalidPriceException.ThrowIfAny(Check(tiers));
            Tiers = tiers;
            FirstTier = firstTier;
            var names = tiers.Select(tier => $", {AmountText.Quantity(tier.Rate)} %").ToArray();
            steps = TierTable.StepsOf(
                [.. tiers.Select(tier => new PriceTier(tier.UpTo, tier.FlatAmount, tier.Rate / 100m))],
                "graduated-percentage",
                bounds => bounds + names[bounds.Number - 1]);
        }

        /// <summary>At least one; ascending; the last one open.</summary>
        public ImmutableArray<PercentageTier> Tiers { get; }

        /// <summary>When the flat amount of the first tier is due.</summary>
        public TierEntry FirstTier { get; }

        /// <summary>What would be wrong with such a price; empty when nothing.</summary>
        public static ImmutableArray<PriceError> Check(ImmutableArray<PercentageTier> tiers)
        {
            var checks = new PriceChecks();
            var bounds = tiers.IsDefault ? [] : tiers.Select(tier => new PriceTier(tier.UpTo, tier.FlatAmount, 0m)).ToImmutableArray();
            foreach (var (i, tier) in tiers.IsDefault ? [] : tiers.Index())
            {
                checks.Percentage($"/tiers/{i}/rate", tier.Rate);
            }

            return [.. TierTable.Check(bounds), .. checks.Errors];
        }

        /// <summary>Whether the tiers are equal, one by one.</summary>
        public bool Equals(GraduatedPercentage? other) => other is not null && FirstTier == other.FirstTier && Tiers.SequenceEqual(other.Tiers);

        /// <inheritdoc/>
        public override int GetHashCode() => TierTable.HashOf(Tiers);

        internal override void ChargeTo(Tally tally) => TierTable.ChargeEachTier(
            tally, steps, FirstTier, ChargeRule.GraduatedPercentageRate, ChargeRule.GraduatedPercentageFlat);
    }
}
