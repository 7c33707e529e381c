using System.Collections.Immutable;

namespace Metering.Rating;

public abstract partial record Price
{
    /// <summary>Each unit is priced by the tier it falls in; the flat amount of a tier is charged once, when usage enters it.</summary>
    /// <remarks>
    /// The first tier is entered when the period opens, unless <see cref="TierEntry.OnFirstUse"/> is chosen: its flat amount is then due even
    /// without usage. Every later one is entered by the first quantity above its lower bound. Each tier with usage has a charge, priced zero
    /// when the tier is included, so that the quantities of the charges sum to the usage.
    /// </remarks>
    public sealed record Graduated : Price
    {
        private readonly ImmutableArray<TierStep> steps;

        /// <summary>Tiers in ascending order, the last one open.</summary>
        /// <exception cref="InvalidPriceException"><see cref="Check"/> finds an error.</exception>
        public Graduated(ImmutableArray<PriceTier> tiers, TierEntry firstTier = TierEntry.WhenPeriodOpens)
        {
            InvalidPriceException.ThrowIfAny(Check(tiers));
            Tiers = tiers;
            FirstTier = firstTier;
            steps = TierTable.StepsOf(tiers, "graduated", bounds => bounds.ToString());
        }

        /// <summary>At least one; ascending; the last one open.</summary>
        public ImmutableArray<PriceTier> Tiers { get; }

        /// <summary>When the flat amount of the first tier is due.</summary>
        public TierEntry FirstTier { get; }

        /// <summary>What would be wrong with such a price; empty when nothing.</summary>
        public static ImmutableArray<PriceError> Check(ImmutableArray<PriceTier> tiers) => TierTable.Check(tiers);

        /// <summary>Whether the tiers are equal, one by one.</summary>
        public bool Equals(Graduated? other) => other is not null && FirstTier == other.FirstTier && Tiers.SequenceEqual(other.Tiers);

        /// <inheritdoc/>
        public override int GetHashCode() => TierTable.HashOf(Tiers);

        internal override bool CountsUnitsInForce => true;

        internal override void ChargeTo(Tally tally) =>
            TierTable.ChargeEachTier(tally, steps, FirstTier, ChargeRule.GraduatedTierUnit, ChargeRule.GraduatedTierFlat);
    }
}
