namespace Metering.Rating.Tests;

/// <summary>Prices worked out event by event in the plainest way there is, as oracles for the real ones. Unrounded.</summary>
internal static class Naive
{
    /// <summary>What each transaction costs, one after the other, each looking back at all before it.</summary>
    public static IEnumerable<decimal> Fees(Price.Percentage price, IReadOnlyList<decimal> amounts)
    {
        for (var i = 0; i < amounts.Count; i++)
        {
            var before = amounts.Take(i).Where(amount => amount > 0m).ToList();
            var isClosed = (price.FreeTransactions == 0 && price.FreeAmount == 0m)
                || (price.FreeTransactions > 0 && before.Count >= price.FreeTransactions)
                || (price.FreeAmount > 0m && before.Sum() >= price.FreeAmount);
            var free = isClosed ? 0m : price.FreeAmount == 0m ? amounts[i] : Math.Min(amounts[i], price.FreeAmount - before.Sum());
            var paid = amounts[i] - free;
            if (paid == 0m)
            {
                yield return 0m;
                continue;
            }

            var fee = (paid * price.Rate / 100m) + price.FixedAmount;
            if (fee < price.TransactionMinimum)
            {
                fee = price.TransactionMinimum.Value;
            }

            if (fee > price.TransactionMaximum)
            {
                fee = price.TransactionMaximum.Value;
            }

            yield return fee;
        }
    }

    /// <summary>Tier by tier by subtraction of cumulative prices, written as integrals rather than as steps.</summary>
    public static decimal Graduated(IReadOnlyList<PriceTier> tiers, decimal quantity)
    {
        var sum = 0m;
        for (var i = 0; i < tiers.Count; i++)
        {
            var from = i == 0 ? 0m : tiers[i - 1].UpTo!.Value;
            if (i > 0 && quantity <= from)
            {
                break;
            }

            sum += tiers[i].FlatAmount + (tiers[i].UnitAmount * Math.Max(0m, Math.Min(quantity, tiers[i].UpTo ?? quantity) - from));
        }

        return sum;
    }
}
