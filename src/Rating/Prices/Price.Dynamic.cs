using System.Collections.Immutable;

namespace Metering.Rating;

public abstract partial record Price
{
    /// <summary>
    /// Cost-plus: the usage is an amount that was metered, such as what a provider charged, and the customer pays a multiple of it.
    /// </summary>
    /// <remarks>
    /// <c>amount × multiplier</c>, plus a markup as a percentage of the amount, plus a markup per transaction; each is a charge of its own, so
    /// that cost and margin can be told apart. The metered amount is in major units of the plan's currency. When transactions are counted and
    /// there are none, an amount has nothing it could be for and is not charged.
    /// </remarks>
    public sealed record Dynamic : Price
    {
        /// <summary>The largest multiplier, and a hundredth of the largest percentage of markup.</summary>
        public const decimal MultiplierMax = 1_000m;

        private readonly string name;
        private readonly string markupName;

        /// <summary>A multiple of the metered amount, and markups.</summary>
        /// <exception cref="InvalidPriceException"><see cref="Check"/> finds an error.</exception>
        public Dynamic(decimal multiplier = 1m, decimal markupPercentage = 0m, decimal markupPerTransaction = 0m)
        {
            InvalidPriceException.ThrowIfAny(Check(multiplier, markupPercentage, markupPerTransaction));
            Multiplier = multiplier;
            MarkupPercentage = markupPercentage;
            MarkupPerTransaction = markupPerTransaction;
            name = multiplier == 1m ? "Cost" : $"Cost × {AmountText.Quantity(multiplier)}";
            markupName = $"Markup {AmountText.Quantity(markupPercentage)} %";
        }

        /// <summary>What the metered amount is multiplied by; 1 passes it on as it is.</summary>
        public decimal Multiplier { get; }

        /// <summary>Added on top: this percentage of the metered amount (not of the multiplied one).</summary>
        public decimal MarkupPercentage { get; }

        /// <summary>Added on top for every transaction, in major units; needs <see cref="RatingInput.Transactions"/>.</summary>
        public decimal MarkupPerTransaction { get; }

        /// <summary>What would be wrong with such a price; empty when nothing.</summary>
        public static ImmutableArray<PriceError> Check(decimal multiplier, decimal markupPercentage, decimal markupPerTransaction)
        {
            var checks = new PriceChecks()
                .Factor("/multiplier", multiplier, MultiplierMax)
                .Factor("/markupPercentage", markupPercentage, MultiplierMax * 100m)
                .Amount("/markupPerTransaction", markupPerTransaction);
            return checks.Errors;
        }

        internal override bool IsOfQuantity => MarkupPerTransaction == 0m;

        internal override Usage UsageOf(RatingInput input)
        {
            var usage = base.UsageOf(input);
            return MarkupPerTransaction == 0m || input.Transactions != TransactionUsage.None || usage == Usage.None
                ? usage
                : throw new ArgumentException("A markup per transaction needs to know how many transactions there were.");
        }

        internal override void ChargeTo(Tally tally)
        {
            var transactions = tally.TransactionCount;
            if (transactions == 0m)
            {
                return;
            }

            tally.AddUnits(ChargeRule.CostMultiple, "cost", name, tally.Quantity, Multiplier, tier: null);
            if (MarkupPercentage > 0m)
            {
                tally.AddUnits(ChargeRule.CostMarkup, "markup", markupName, tally.Quantity, MarkupPercentage / 100m, tier: null);
            }

            if (MarkupPerTransaction > 0m)
            {
                tally.AddUnits(
                    ChargeRule.TransactionFee, "transaction-fee", "Per transaction", transactions ?? 0m, MarkupPerTransaction, tier: null);
            }
        }
    }
}
