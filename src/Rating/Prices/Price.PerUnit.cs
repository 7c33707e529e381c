using System.Collections.Immutable;

namespace Metering.Rating;

public abstract partial record Price
{
    /// <summary>The same amount for every unit, fractions of a unit included.</summary>
    public sealed record PerUnit : Price
    {
        /// <summary>An amount per unit.</summary>
        /// <exception cref="InvalidPriceException"><see cref="Check"/> finds an error.</exception>
        public PerUnit(decimal amount)
        {
            InvalidPriceException.ThrowIfAny(Check(amount));
            Amount = amount;
        }

        /// <summary>What one unit costs, in major units.</summary>
        public decimal Amount { get; }

        /// <summary>What would be wrong with such a price; empty when nothing.</summary>
        public static ImmutableArray<PriceError> Check(decimal amount) => new PriceChecks().Amount("/amount", amount).Errors;

        internal override bool CountsUnitsInForce => true;

        internal override void ChargeTo(Tally tally) =>
            tally.AddUnits(ChargeRule.PerUnit, "unit", "Usage", tally.Quantity, Amount, tier: null);
    }
}
