using System.Collections.Immutable;

namespace Metering.Rating;

public abstract partial record Price
{
    /// <summary>All units are priced by the one tier that the whole period's usage reaches, plus that tier's flat amount.</summary>
    /// <remarks>
    /// Which tier that is, is known only when the period closes, so nothing is charged on a line that does not close it. Usage on a bound is in
    /// the tier that ends there; no usage is in the first tier and pays its flat amount, unless <see cref="TierEntry.OnFirstUse"/> is chosen.
    /// </remarks>
    public sealed record Volume : Price
    {
        private readonly ImmutableArray<TierStep> steps;

        /// <summary>Tiers in ascending order, the last one open.</summary>
        /// <exception cref="InvalidPriceException"><see cref="Check"/> finds an error.</exception>
        public Volume(ImmutableArray<PriceTier> tiers, TierEntry firstTier = TierEntry.WhenPeriodOpens)
        {
            InvalidPriceException.ThrowIfAny(Check(tiers));
            Tiers = tiers;
            FirstTier = firstTier;
            steps = TierTable.StepsOf(tiers, "volume", bounds => $"All usage at {bounds}");
        }

        /// <summary>At least one; ascending; the last one open.</summary>
        public ImmutableArray<PriceTier> Tiers { get; }

        /// <summary>When the flat amount of the first tier is due.</summary>
        public TierEntry FirstTier { get; }

        /// <summary>What would be wrong with such a price; empty when nothing.</summary>
        public static ImmutableArray<PriceError> Check(ImmutableArray<PriceTier> tiers) => TierTable.Check(tiers);

        /// <summary>Whether the tiers are equal, one by one.</summary>
        public bool Equals(Volume? other) => other is not null && FirstTier == other.FirstTier && Tiers.SequenceEqual(other.Tiers);

        /// <inheritdoc/>
        public override int GetHashCode() => TierTable.HashOf(Tiers);

        internal override bool CountsUnitsInForce => true;

        internal override void ChargeTo(Tally tally)
        {
            if (!tally.ClosesPeriod || (FirstTier == TierEntry.OnFirstUse && tally.Reached == 0m))
            {
                return;
            }

            var step = StepOf(tally.Reached);
            tally.AddUnits(ChargeRule.VolumeTierUnit, step.UnitReference, step.UnitName, tally.Quantity, step.UnitAmount, step.Bounds);
            tally.AddFlat(ChargeRule.VolumeTierFlat, step.FlatReference, step.FlatName, step.FlatAmount, step.Bounds);
        }

        private TierStep StepOf(decimal quantity)
        {
            var i = 0;
            while (quantity > (steps[i].Bounds.UpTo ?? quantity))
            {
                i++;
            }

            return steps[i];
        }
    }
}
