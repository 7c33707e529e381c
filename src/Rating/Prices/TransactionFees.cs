using System.Collections.Immutable;

namespace Metering.Rating;

/// <summary>What the transactions of a period add up to under a percentage price.</summary>
/// <param name="FreeAmount">Not charged.</param>
/// <param name="PaidAmount">Charged by the rate.</param>
/// <param name="PaidTransactions">How many transactions pay the fixed fee.</param>
/// <param name="BelowMinimum">What the minimum per transaction adds, over all transactions.</param>
/// <param name="AboveMaximum">What the maximum per transaction takes off, over all transactions.</param>
internal readonly record struct TransactionFees(
    decimal FreeAmount, decimal PaidAmount, decimal PaidTransactions, decimal BelowMinimum, decimal AboveMaximum)
{
    /// <summary>Transaction by transaction, in their order. The rule is written down at <see cref="Price.Percentage"/>.</summary>
    public static TransactionFees Of(Price.Percentage price, ImmutableArray<decimal> amounts)
    {
        var (free, paid, below, above) = (0m, 0m, 0m, 0m);
        var (seen, paying) = (0, 0);
        var rate = price.Rate / 100m;
        foreach (var amount in amounts)
        {
            if (amount == 0m)
            {
                continue;
            }

            var rest = amount - FreePartOf(price, amount, free, seen);
            seen++;
            free += amount - rest;
            if (rest == 0m)
            {
                continue;
            }

            paying++;
            paid += rest;
            var fee = (rest * rate) + price.FixedAmount;
            below += Math.Max(0m, (price.TransactionMinimum ?? fee) - fee);
            above += Math.Max(0m, fee - (price.TransactionMaximum ?? fee));
        }

        return new TransactionFees(free, paid, paying, below, above);
    }

    /// <summary>From the sum and the count alone, for a price that does not need each transaction.</summary>
    public static TransactionFees Of(Price.Percentage price, decimal amount, decimal count)
    {
        var free = Math.Min(amount, price.FreeAmount);
        return new TransactionFees(free, amount - free, amount > 0m ? count : 0m, 0m, 0m);
    }

    private static decimal FreePartOf(Price.Percentage price, decimal amount, decimal freeSoFar, int seen)
    {
        var hasFree = price.FreeTransactions > 0 || price.FreeAmount > 0m;
        if (!hasFree || (price.FreeTransactions > 0 && seen >= price.FreeTransactions))
        {
            return 0m;
        }

        return price.FreeAmount > 0m ? Math.Min(amount, price.FreeAmount - freeSoFar) : amount;
    }
}
