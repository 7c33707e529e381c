using System.Collections.Immutable;

namespace Metering.Rating;

public abstract partial record Price
{
    /// <summary>A fee for the period, whatever the usage: 49.00 per month in advance.</summary>
    /// <remarks>
    /// Charged once per served period: in advance on its first line, in arrears on its last. When the served period is only a part of the full
    /// one the <see cref="Proration"/> policy of the input says how much of the fee is due.
    /// </remarks>
    public sealed record Flat : Price
    {
        /// <summary>A fee.</summary>
        /// <exception cref="InvalidPriceException"><see cref="Check"/> finds an error.</exception>
        public Flat(decimal amount, PaymentTerm term)
        {
            InvalidPriceException.ThrowIfAny(Check(amount));
            Amount = amount;
            Term = term;
        }

        /// <summary>The fee of a full period, in major units.</summary>
        public decimal Amount { get; }

        /// <summary>When it is charged.</summary>
        public PaymentTerm Term { get; }

        /// <summary>What would be wrong with such a price; empty when nothing.</summary>
        public static ImmutableArray<PriceError> Check(decimal amount) => new PriceChecks().Amount("/amount", amount).Errors;

        internal override bool IsOfQuantity => false;

        internal override Usage UsageOf(RatingInput input) => input.Usage;

        internal override void ChargeTo(Tally tally)
        {
            if (Term == PaymentTerm.InArrears && !tally.ClosesPeriod)
            {
                return;
            }

            var due = tally.Input.Proration.Of(Amount, tally.Input.Line);
            tally.Add(ChargeRule.FlatFee, "flat-fee", due.Name, 1m, Amount, due.Amount, tier: null);
        }
    }
}
