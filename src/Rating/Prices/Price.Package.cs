using System.Collections.Immutable;

namespace Metering.Rating;

public abstract partial record Price
{
    /// <summary>Usage is bought in packages of a fixed size; a package that was opened is paid in full.</summary>
    /// <remarks>
    /// Packages are counted over the whole period: a second line of the period only pays the packages that were not opened before it. No usage
    /// opens no package.
    /// </remarks>
    public sealed record Package : Price
    {
        private readonly string name;

        /// <summary>An amount per package.</summary>
        /// <exception cref="InvalidPriceException"><see cref="Check"/> finds an error.</exception>
        public Package(decimal amount, decimal quantityPerPackage)
        {
            InvalidPriceException.ThrowIfAny(Check(amount, quantityPerPackage));
            Amount = amount;
            QuantityPerPackage = quantityPerPackage;
            name = $"Packages of {AmountText.Quantity(quantityPerPackage)}";
        }

        /// <summary>What one package costs, in major units.</summary>
        public decimal Amount { get; }

        /// <summary>How much usage a package holds, above zero.</summary>
        public decimal QuantityPerPackage { get; }

        /// <summary>What would be wrong with such a price; empty when nothing.</summary>
        public static ImmutableArray<PriceError> Check(decimal amount, decimal quantityPerPackage)
        {
            var checks = new PriceChecks().Amount("/amount", amount).PositiveQuantity("/quantityPerPackage", quantityPerPackage);

            // A tiny package at a large amount would let allowed usage cost more than a decimal can hold.
            var sane = amount <= RatingBounds.AmountMax && quantityPerPackage is > 0m and <= RatingBounds.QuantityMax;
            checks.AddIf(
                sane && amount > RatingBounds.AmountMax * quantityPerPackage,
                PriceErrorCode.TooLarge,
                "/amount",
                $"A package cannot cost more than {RatingBounds.AmountMax} per unit it holds.");
            return checks.Errors;
        }

        internal override void ChargeTo(Tally tally) =>
            tally.AddUnits(ChargeRule.Package, "package", name, PackagesFor(tally.Quantity), Amount, tier: null);

        // Whole packages plus one for any rest. A division rounded to 28 digits could miss a small rest or invent one; the remainder cannot.
        private decimal PackagesFor(decimal quantity)
        {
            var rest = quantity % QuantityPerPackage;
            var whole = decimal.Round((quantity - rest) / QuantityPerPackage, 0, MidpointRounding.AwayFromZero);
            return rest > 0m ? whole + 1m : whole;
        }
    }
}
