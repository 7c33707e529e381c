using System.Collections.Immutable;

namespace Metering.Rating;

public abstract partial record Price
{
    /// <summary>A percentage of what transactions are worth, a fixed fee for each, with free ones and bounds on what one costs.</summary>
    /// <remarks>
    /// <para>The usage is an amount in major units of the plan's currency; <see cref="RatingInput.Transactions"/> says what it consists of.</para>
    /// <para>
    /// What is free is decided transaction by transaction, in the order in which they happened. The free part of the period is open until
    /// <see cref="FreeTransactions"/> transactions or <see cref="FreeAmount"/> of amount have gone through, whichever comes first. While it is
    /// open a transaction is free up to what is left of the free amount; the transaction that exceeds it pays for its rest. Once closed it
    /// stays closed. A transaction of which nothing is left to pay costs nothing: no fixed fee, no minimum. Any other costs
    /// <c>rate × what is left + fixed fee</c>, and that sum is kept between the minimum and the maximum per transaction.
    /// </para>
    /// <para>A transaction of amount zero is not one: it pays nothing and uses up no free transaction.</para>
    /// </remarks>
    public sealed record Percentage : Price
    {
        private readonly string name;

        /// <summary>A percentage and what goes with it; zero or null for what does not apply.</summary>
        /// <exception cref="InvalidPriceException"><see cref="Check"/> finds an error.</exception>
        public Percentage(
            decimal rate,
            decimal fixedAmount = 0m,
            int freeTransactions = 0,
            decimal freeAmount = 0m,
            decimal? transactionMinimum = null,
            decimal? transactionMaximum = null)
        {
            InvalidPriceException.ThrowIfAny(Check(rate, fixedAmount, freeTransactions, freeAmount, transactionMinimum, transactionMaximum));
            Rate = rate;
            FixedAmount = fixedAmount;
            FreeTransactions = freeTransactions;
            FreeAmount = freeAmount;
            TransactionMinimum = transactionMinimum;
            TransactionMaximum = transactionMaximum;
            name = $"{AmountText.Quantity(rate)} % of the amount";
        }

        /// <summary>The percentage, 0 to 100.</summary>
        public decimal Rate { get; }

        /// <summary>Charged for each transaction that is not free, in major units.</summary>
        public decimal FixedAmount { get; }

        /// <summary>How many transactions of each service period are free; zero for no such limit.</summary>
        public int FreeTransactions { get; }

        /// <summary>How much of the amount of each service period is free; zero for no such limit.</summary>
        public decimal FreeAmount { get; }

        /// <summary>The least that one transaction costs, fixed fee included.</summary>
        public decimal? TransactionMinimum { get; }

        /// <summary>The most that one transaction costs, fixed fee included.</summary>
        public decimal? TransactionMaximum { get; }

        /// <summary>
        /// Whether the charges depend on each transaction and not only on their sum and count: there are free transactions, or bounds, or a
        /// free amount together with a fixed fee. <see cref="RatingInput.Transactions"/> must then know the amounts.
        /// </summary>
        public bool NeedsEachTransaction =>
            FreeTransactions > 0 || TransactionMinimum > 0m || TransactionMaximum is not null || (FreeAmount > 0m && FixedAmount > 0m);

        /// <summary>What would be wrong with such a price; empty when nothing.</summary>
        public static ImmutableArray<PriceError> Check(
            decimal rate,
            decimal fixedAmount = 0m,
            int freeTransactions = 0,
            decimal freeAmount = 0m,
            decimal? transactionMinimum = null,
            decimal? transactionMaximum = null)
        {
            var checks = new PriceChecks()
                .Percentage("/rate", rate)
                .Amount("/fixedAmount", fixedAmount)
                .Quantity("/freeTransactions", freeTransactions)
                .Quantity("/freeAmount", freeAmount)
                .Amount("/transactionMinimum", transactionMinimum ?? 0m)
                .Amount("/transactionMaximum", transactionMaximum ?? 0m);
            checks.AddIf(
                transactionMinimum > transactionMaximum,
                PriceErrorCode.MinimumAboveMaximum,
                "/transactionMinimum",
                $"The minimum {transactionMinimum} of a transaction is above its maximum {transactionMaximum}.");
            return checks.Errors;
        }

        internal override bool IsOfQuantity => false;

        internal override Usage UsageOf(RatingInput input)
        {
            var usage = base.UsageOf(input);
            var told = input.Transactions.KnowsAmounts
                || (!NeedsEachTransaction && (FixedAmount == 0m || input.Transactions != TransactionUsage.None));
            return told || usage == Usage.None
                ? usage
                : throw new ArgumentException("This percentage price needs to know its transactions; see RatingInput.Transactions.");
        }

        internal override void ChargeTo(Tally tally)
        {
            var fees = tally.TransactionAmounts is { IsDefault: false } amounts
                ? TransactionFees.Of(this, amounts)
                : TransactionFees.Of(this, tally.Quantity, tally.TransactionCount ?? 0m);
            tally.AddUnits(ChargeRule.FreeAmount, "percentage-free", "Free", fees.FreeAmount, 0m, tier: null);
            tally.AddUnits(ChargeRule.PercentageOfAmount, "percentage", name, fees.PaidAmount, Rate / 100m, tier: null);
            if (FixedAmount > 0m)
            {
                tally.AddUnits(ChargeRule.TransactionFee, "transaction-fee", "Per transaction", fees.PaidTransactions, FixedAmount, tier: null);
            }

            AddBound(tally, ChargeRule.TransactionMinimum, "transaction-minimum", "Minimum per transaction", fees.BelowMinimum);
            AddBound(tally, ChargeRule.TransactionMaximum, "transaction-maximum", "Maximum per transaction", -fees.AboveMaximum);
        }

        private static void AddBound(Tally tally, ChargeRule rule, string reference, string name, decimal amount)
        {
            if (amount != 0m)
            {
                tally.AddAmount(rule, reference, name, amount);
            }
        }
    }
}
