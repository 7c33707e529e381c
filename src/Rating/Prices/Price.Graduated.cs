using System.Collections.Immutable;

namespace Metering.Rating;

public abstract partial record Price
{
    /// <summary>Each unit is priced by the tier it falls in; the flat amount of a tier is charged once, when usage enters it.</summary>
    /// <remarks>
    /// The first tier is entered when the period opens: its flat amount is due even without usage. Every later one is entered by the first
    /// quantity above its lower bound. Each tier with usage has a charge, priced zero when the tier is included, so that the quantities of the
    /// charges sum to the usage.
    /// </remarks>
    public sealed record Graduated : Price
    {
        private readonly ImmutableArray<TierStep> steps;

        /// <summary>Tiers in ascending order, the last one open.</summary>
        /// <exception cref="InvalidPriceException"><see cref="Check"/> finds an error.</exception>
        public Graduated(ImmutableArray<PriceTier> tiers)
        {
            InvalidPriceException.ThrowIfAny(Check(tiers));
            Tiers = tiers;
            steps = TierTable.StepsOf(tiers, "graduated", bounds => bounds.ToString());
        }

        /// <summary>At least one; ascending; the last one open.</summary>
        public ImmutableArray<PriceTier> Tiers { get; }

        /// <summary>What would be wrong with such a price; empty when nothing.</summary>
        public static ImmutableArray<PriceError> Check(ImmutableArray<PriceTier> tiers) => TierTable.Check(tiers);

        /// <summary>Whether the tiers are equal, one by one.</summary>
        public bool Equals(Graduated? other) => other is not null && Tiers.SequenceEqual(other.Tiers);

        /// <inheritdoc/>
        public override int GetHashCode() => TierTable.HashOf(Tiers);

        internal override void ChargeTo(Tally tally)
        {
            foreach (var step in steps)
            {
                var (from, upTo) = (step.Bounds.From, step.Bounds.UpTo);
                var entered = from == 0m || tally.Quantity > from;
                if (!entered)
                {
                    return;
                }

                var quantity = Math.Min(tally.Quantity, upTo ?? tally.Quantity) - from;
                tally.AddUnits(ChargeRule.GraduatedTierUnit, step.UnitReference, step.UnitName, quantity, step.UnitAmount, step.Bounds);
                tally.AddFlat(ChargeRule.GraduatedTierFlat, step.FlatReference, step.FlatName, step.FlatAmount, step.Bounds);
            }
        }
    }
}
