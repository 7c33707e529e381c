using System.Collections.Immutable;

namespace Metering.Rating;

public abstract partial record Price
{
    /// <summary>An allowance is included in the period; what is used beyond it is priced by any price of a quantity.</summary>
    /// <remarks>
    /// The price beyond starts counting at the first unit above the allowance, so its tiers are tiers of overage. Nothing of it is due, not
    /// even the flat amount of a first tier, before there is overage. Included units make a charge of zero, so that quantities add up.
    /// </remarks>
    public sealed record Overage : Price
    {
        private static readonly Scope Within = new("overage/", "Overage: ", Group: null);

        /// <summary>An allowance and what is beyond it.</summary>
        /// <exception cref="InvalidPriceException"><see cref="Check"/> finds an error.</exception>
        public Overage(decimal included, Price beyond)
        {
            InvalidPriceException.ThrowIfAny(Check(included, beyond));
            Included = included;
            Beyond = beyond;
        }

        /// <summary>How much usage of each service period costs nothing; the last included unit is at this quantity exactly.</summary>
        public decimal Included { get; }

        /// <summary>What prices the usage above the allowance.</summary>
        public Price Beyond { get; }

        /// <summary>What would be wrong with such a price; empty when nothing.</summary>
        public static ImmutableArray<PriceError> Check(decimal included, Price beyond)
        {
            ArgumentNullException.ThrowIfNull(beyond);
            var checks = new PriceChecks().Quantity("/included", included);
            checks.AddIf(
                !beyond.IsOfQuantity || beyond is Overage,
                PriceErrorCode.NotApplicable,
                "/beyond",
                "What is beyond the allowance is priced per unit, by package, by tiers, or as a multiple of its cost.");
            return checks.Errors;
        }

        internal override bool CountsUnitsInForce => Beyond.CountsUnitsInForce;

        internal override void ChargeTo(Tally tally)
        {
            tally.AddUnits(ChargeRule.IncludedUsage, "included", "Included", tally.QuantityBelow(Included), 0m, tier: null);
            if (tally.Reached > Included)
            {
                tally.ChargeAbove(Included, Within, Beyond);
            }
        }
    }
}
