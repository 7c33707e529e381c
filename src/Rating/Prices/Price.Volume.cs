using System.Collections.Immutable;

namespace Metering.Rating;

public abstract partial record Price
{
    /// <summary>All units are priced by the one tier that the whole period's usage reaches, plus that tier's flat amount.</summary>
    /// <remarks>
    /// Which tier that is, is known only when the period closes, so nothing is charged on a line that does not close it. Usage on a bound is in
    /// the tier that ends there; no usage is in the first tier and pays its flat amount.
    /// </remarks>
    public sealed record Volume : Price
    {
        /// <summary>Tiers in ascending order, the last one open.</summary>
        /// <exception cref="InvalidPriceException"><see cref="Check"/> finds an error.</exception>
        public Volume(ImmutableArray<PriceTier> tiers)
        {
            InvalidPriceException.ThrowIfAny(Check(tiers));
            Tiers = tiers;
        }

        /// <summary>At least one; ascending; the last one open.</summary>
        public ImmutableArray<PriceTier> Tiers { get; }

        /// <summary>What would be wrong with such a price; empty when nothing.</summary>
        public static ImmutableArray<PriceError> Check(ImmutableArray<PriceTier> tiers) => TierTable.Check(tiers);

        /// <summary>Whether the tiers are equal, one by one.</summary>
        public bool Equals(Volume? other) => other is not null && Tiers.SequenceEqual(other.Tiers);

        /// <inheritdoc/>
        public override int GetHashCode() => TierTable.HashOf(Tiers);

        internal override void ChargeTo(Tally tally)
        {
            if (!tally.ClosesPeriod)
            {
                return;
            }

            var i = 0;
            while (tally.Quantity > (Tiers[i].UpTo ?? tally.Quantity))
            {
                i++;
            }

            var bounds = TierTable.BoundsOf(Tiers, i);
            var name = $"All usage at {bounds}";
            tally.AddUnits(ChargeRule.VolumeTierUnit, $"volume-tier-{i + 1}-unit", name, tally.Quantity, Tiers[i].UnitAmount, bounds);
            tally.AddFlat(ChargeRule.VolumeTierFlat, $"volume-tier-{i + 1}-flat", $"{name}, flat", Tiers[i].FlatAmount, bounds);
        }
    }
}
