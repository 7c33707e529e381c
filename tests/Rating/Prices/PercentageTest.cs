using FsCheck;
using FsCheck.Fluent;

namespace Metering.Rating.Tests;

public sealed class PercentageTest
{
    private static readonly Gen<Price.Percentage> AnyPercentage =
        from rate in Gen.Choose(0, 10_000)
        from fixedAmount in Gen.OneOf(Gen.Constant(0m), Gen.Choose(1, 500).Select(cents => cents / 100m))
        from freeTransactions in Gen.OneOf(Gen.Constant(0), Gen.Choose(1, 6))
        from freeAmount in Gen.OneOf(Gen.Constant(0m), Gen.Choose(1, 300).Select(amount => (decimal)amount))
        from minimum in Gen.OneOf(Gen.Constant<decimal?>(null), Gen.Choose(0, 300).Select(cents => (decimal?)(cents / 100m)))
        from above in Gen.OneOf(Gen.Constant<decimal?>(null), Gen.Choose(0, 900).Select(cents => (decimal?)(cents / 100m)))
        select new Price.Percentage(rate / 100m, fixedAmount, freeTransactions, freeAmount, minimum, above + (minimum ?? 0m));

    private static readonly Gen<decimal[]> AnyAmounts =
        from count in Gen.Choose(0, 12)
        from amounts in Gen.ArrayOf(Gen.OneOf(Gen.Constant(0m), Gen.Choose(1, 20_000).Select(cents => cents / 100m)), count)
        select amounts;

    [Fact]
    public void Transactions_pay_what_is_left_after_the_free_part_within_their_bounds()
    {
        const string table = """
            row    price                          amounts             exact    free   paid
            PC1    1.3 fixed 2 free 3 upto 250    50 100 250 400      11.15    250    550
            PC2    1.3 fixed 2 upto 250           50 100 250 400      11.15    250    550
            PC3    1.3 fixed 2 free 3             50 100 250 400      7.2      400    400
            PC4    1.3 fixed 2                    50 100 250 400      18.4     0      800
            PC6    1.3 fixed 2 free 5             100 100 100 100     0        400    0
            PC7    0 fixed 2                      50 100 250 400      8        0      800
            PC8    1.3 fixed 2 free 3 upto 250    0 0 0 0             0        0      0
            PC9    2.9                            1 1 1 1             0.116    0      4
            PC10   2.99                           10 80 10000         301.691  0      10090
            PC11   2.99 max 12                    10 80 10000         14.691   0      10090
            PC12   2.99 fixed 2 max 12            10 80 10000         18.691   0      10090
            PC13   2.99 max 12 free 2             10 80 10000         12       90     10000
            PC15   2.99 max 12 free 3 upto 10000  10 80 10000         2.691    10000  90
            PC15b  2.99 max 12 free 2 upto 10000  10 80 10000         12       90     10000
            PC18   1 fixed 0.5 min 1.75 max 2     100 1000 10000      5.75     0      11100
            PC19   1 fixed 0.5 min 1.75 max 2     100 1000 10000 333  7.75     0      11433
            edge1  10 fixed 1 upto 100            100 5               1.5      100    5
            edge2  10 fixed 1 upto 100            60 60               3        100    20
            edge3  10 fixed 1 free 1              0 7 7               1.7      7      7
            edge4  10 min 3                       5 50                8        0      55
            edge5  10 min 3 free 1                5 5                 3        5      5
            edge7  10 upto 0.5                    0.3 0.7             0.05     0.5    0.5
            edge8  10 min 2               10                  2        0      10
            edge9  10 max 2               30                  2        0      30
            edge6  10 min 3 max 3                 5 50                6        0      55
            """;
        foreach (var row in TextTable.Rows(table))
        {
            var price = (Price.Percentage)PriceText.Parse($"percentage {row["price"]}");
            var amounts = row.Decimals("amounts").ToArray();
            var result = Rater.Rate(Some.Input(price, 0m) with { Transactions = TransactionUsage.Each(amounts) });
            var exact = result.Charges.Sum(charge => charge.Exact.Amount);
            decimal Counted(ChargeRule rule) => result.Charges.Where(charge => charge.Rule == rule).Sum(charge => charge.Quantity);
            Assert.Equal(
                (row.ToString(), row.Decimal("exact"), row.Decimal("free"), row.Decimal("paid")),
                (row.ToString(), exact, Counted(ChargeRule.FreeAmount), Counted(ChargeRule.PercentageOfAmount)));
            Assert.Equal(amounts.Sum(), result.Metered.Quantity);
        }
    }

    [Fact]
    public void The_sum_equals_what_a_naive_oracle_charges_event_by_event()
    {
        var cases = from price in AnyPercentage from amounts in AnyAmounts select (price, amounts);
        Law.Holds(cases, x =>
        {
            var result = Rater.Rate(Some.Input(x.price, 0m) with { Transactions = TransactionUsage.Each(x.amounts) });
            Assert.Equal(Naive.Fees(x.price, x.amounts).Sum(), result.Charges.Sum(charge => charge.Exact.Amount));
            Assert.Equal(x.amounts.Sum(), result.Charges.Where(charge => charge.CountsUnits).Sum(charge => charge.Quantity));
        });
    }

    [Fact]
    public void Billed_in_lines_or_event_by_event_the_fees_sum_to_the_period_billed_at_once()
    {
        var cases =
            from price in AnyPercentage
            from amounts in AnyAmounts
            from cut in Gen.Choose(0, 12)
            from rounding in Generated.AnyRounding
            select (price, amounts, Cut: Math.Min(cut, amounts.Length), rounding);
        Law.Holds(cases, x =>
        {
            var template = Some.Input(x.price, 0m) with { Rounding = x.rounding };
            var whole = Rater.Rate(template with { Transactions = TransactionUsage.Each(x.amounts) }).Total;
            var first = template with { Line = Some.Line("first"), Transactions = TransactionUsage.Each([], [.. x.amounts[..x.Cut]]) };
            var last = template with { Line = Some.Line("last"), Transactions = TransactionUsage.Each([.. x.amounts[..x.Cut]], [.. x.amounts]) };
            Assert.Equal(whole, Rater.Rate(first).Total + Rater.Rate(last).Total);
            Assert.Equal(Rater.Rate(last).Total, Rater.Total(last));
            var fees = InAdvanceBilling.FeesOfTransactions(template, [.. x.amounts]);
            Assert.Equal(whole.Amount, fees.Sum(fee => fee.Total.Amount));
        });
    }

    [Fact]
    public void A_price_that_does_not_need_each_transaction_is_rated_by_sum_and_count_to_the_same_amount()
    {
        var cases =
            from price in AnyPercentage
            from amounts in AnyAmounts
            where !price.NeedsEachTransaction
            select (price, Amounts: amounts.Where(amount => amount > 0m).ToArray());
        Law.Holds(cases, x =>
        {
            var each = Rater.Rate(Some.Input(x.price, 0m) with { Transactions = TransactionUsage.Each(x.Amounts) });
            var counted = Rater.Rate(Some.Input(x.price, x.Amounts.Sum()) with { Transactions = TransactionUsage.Counted(0m, x.Amounts.Length) });
            Assert.Equal(Explanation.Of(each, "Payments", "USD"), Explanation.Of(counted, "Payments", "USD"));
        });
    }

    [Fact]
    public void Each_transaction_is_needed_where_it_matters()
    {
        const string table = """
            price             needs
            1                 False
            1 fixed 2         False
            1 upto 5          False
            1 upto 5 fixed 2  True
            1 free 1          True
            1 min 1           True
            1 min 0.5         True
            1 upto 0.5 fixed 0.5  True
            1 min 0           False
            1 max 1           True
            """;
        foreach (var row in TextTable.Rows(table))
        {
            var price = (Price.Percentage)PriceText.Parse($"percentage {row["price"]}");
            Assert.Equal((row.ToString(), row["needs"]), (row.ToString(), price.NeedsEachTransaction.ToString()));
            var input = Some.Input(price, 10m) with { Transactions = TransactionUsage.Counted(0m, 1m) };
            Assert.Equal(price.NeedsEachTransaction, Record.Exception(() => Rater.Rate(input)) is ArgumentException);
        }

        Assert.Throws<ArgumentException>(() => Rater.Rate(Some.Input(PriceText.Parse("percentage 1 fixed 2"), 10m)));
        Assert.Equal("0.10 USD", Rater.Rate(Some.Input(PriceText.Parse("percentage 1"), 10m)).Total.ToString());
        Assert.Equal("0.00 USD", Rater.Rate(Some.Input(PriceText.Parse("percentage 1 free 2"), 0m)).Total.ToString());
        var oneSmall = Some.Input(PriceText.Parse("percentage 10 fixed 2"), 0.5m) with { Transactions = TransactionUsage.Counted(0m, 1m) };
        Assert.Equal("2.05 USD", Rater.Rate(oneSmall).Total.ToString());
        Assert.Equal("0.00 USD", Rater.Rate(oneSmall with { Usage = Usage.None }).Total.ToString());
        Assert.Throws<InvalidPriceException>(() => Rater.Rate(oneSmall with { Terms = new RateCardTerms(usageDiscount: 0.5m) }));
    }

    [Fact]
    public void Usage_and_its_details_agree_or_it_is_a_bug()
    {
        var input = Some.Input(PriceText.Parse("percentage 1"), 10m) with { Transactions = TransactionUsage.Each(4m, 6m) };
        Assert.Equal("0.10 USD", Rater.Rate(input).Total.ToString());
        Assert.Throws<ArgumentException>(() => Rater.Rate(input with { Usage = Usage.Of(11m) }));
        Assert.Throws<ArgumentOutOfRangeException>(() => TransactionUsage.Each(1m, -1m));
        Assert.Throws<ArgumentOutOfRangeException>(() => TransactionUsage.Each(RatingBounds.QuantityMax + 1m));
        Assert.Throws<ArgumentOutOfRangeException>(() => TransactionUsage.Each([RatingBounds.QuantityMax + 1m], []));
        Assert.Throws<ArgumentOutOfRangeException>(() => TransactionUsage.Each(decimal.MaxValue, decimal.MaxValue));
    }

    [Fact]
    public void Nothing_but_the_rate_applies_unless_said()
    {
        var price = new Price.Percentage(1m);
        Assert.Equal((1m, 0m, 0, 0m), (price.Rate, price.FixedAmount, price.FreeTransactions, price.FreeAmount));
        Assert.Equal((null, null), (price.TransactionMinimum, price.TransactionMaximum));
    }

    [Fact]
    public void What_makes_no_sense_is_refused()
    {
        Assert.Equal("/rate NotAPercentage", Text(Price.Percentage.Check(100.1m)));
        Assert.Equal("/fixedAmount Negative", Text(Price.Percentage.Check(1m, -1m)));
        Assert.Equal("/freeTransactions Negative", Text(Price.Percentage.Check(1m, 0m, -1)));
        Assert.Equal("/freeAmount Negative", Text(Price.Percentage.Check(1m, 0m, 0, -1m)));
        Assert.Equal("/transactionMinimum MinimumAboveMaximum", Text(Price.Percentage.Check(1m, 0m, 0, 0m, 2m, 1m)));
        Assert.Equal("/transactionMinimum Negative, /transactionMaximum Negative", Text(Price.Percentage.Check(1m, 0m, 0, 0m, -2m, -1m)));
        Assert.Empty(Price.Percentage.Check(100m, 0m, 0, 0m, 1m, 1m));
        Assert.Throws<InvalidPriceException>(() => new Price.Percentage(-1m));
    }

    private static string Text(IEnumerable<PriceError> errors) => string.Join(", ", errors.Select(error => $"{error.Pointer} {error.Code}"));
}
