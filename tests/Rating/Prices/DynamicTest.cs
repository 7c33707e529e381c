namespace Metering.Rating.Tests;

public sealed class DynamicTest
{
    [Fact]
    public void A_metered_amount_is_passed_on_multiplied_and_marked_up()
    {
        const string table = """
            row   price                       amount  count  charges
            C11   dynamic 1.33333             10      -      cost 13.33
            D1    dynamic 1                   0.402   20     cost 0.40
            D2    dynamic 1                   0.402   0      -
            up    dynamic 1 markup 20         10      -      cost 10.00, markup 2.00
            half  dynamic 1 markup 0.5        10      -      cost 10.00, markup 0.05
            both  dynamic 1.5 markup 20       10      -      cost 15.00, markup 2.00
            each  dynamic 1 each 0.05         10      7      cost 10.00, transaction-fee 0.35
            none  dynamic 0 markup 0          10      -      cost 0.00
            zero  dynamic 1 markup 5 each 1   0       0      -
            """;
        foreach (var row in TextTable.Rows(table))
        {
            var input = Some.Input(PriceText.Parse(row["price"]), row.Decimal("amount")) with
            {
                Transactions = row.OptionalDecimal("count") is { } count ? TransactionUsage.Counted(0m, count) : TransactionUsage.None,
            };
            var result = Rater.Rate(input);
            var charges = result.Charges.IsEmpty ? "-" : string.Join(", ", result.Charges.Select(c =>
                $"{c.ChildReference} {c.Amount.ToAmountString()}"));
            Assert.Equal((row.ToString(), row["charges"]), (row.ToString(), charges));
            Assert.Equal(result.Total, Rater.Total(input));
        }
    }

    [Fact]
    public void Amounts_of_transactions_can_be_told_one_by_one()
    {
        var input = Some.Input(new Price.Dynamic(2m, 0m, 1m), 0m) with { Transactions = TransactionUsage.Each(3m, 4m) };
        Assert.Equal("16.00 USD", Rater.Rate(input).Total.ToString());
        Assert.Throws<ArgumentException>(() => Rater.Rate(input with { Usage = Usage.Of(8m) }));
    }

    [Fact]
    public void A_markup_per_transaction_needs_their_count()
    {
        Assert.Throws<ArgumentException>(() => Rater.Rate(Some.Input(new Price.Dynamic(1m, 0m, 1m), 5m)));
        Assert.Equal("0.00 USD", Rater.Rate(Some.Input(new Price.Dynamic(1m, 0m, 1m), 0m)).Total.ToString());
    }

    [Fact]
    public void Names_tell_cost_and_margin_apart() => Assert.Equal(
        ["Cost × 1.5", "Markup 12.5 %", "Per transaction"],
        Rater.Rate(Some.Input(new Price.Dynamic(1.5m, 12.5m, 1m), 5m) with { Transactions = TransactionUsage.Counted(0m, 1m) })
            .Charges.Select(charge => charge.Name));

    [Fact]
    public void A_multiplier_is_named_unless_it_is_one()
    {
        string Name(decimal multiplier) => Rater.Rate(Some.Input(new Price.Dynamic(multiplier), 1m)).Charges[0].Name;
        Assert.Equal(("Cost", "Cost × 2"), (Name(1m), Name(2m)));
        Assert.Equal(1m, new Price.Dynamic().Multiplier);
    }

    [Fact]
    public void What_makes_no_sense_is_refused()
    {
        Assert.Equal(
            ["/multiplier Negative", "/markupPercentage Negative", "/markupPerTransaction Negative"],
            Price.Dynamic.Check(-1m, -1m, -1m).Select(error => $"{error.Pointer} {error.Code}"));
        Assert.Equal(
            ["/multiplier TooLarge", "/markupPercentage TooLarge"],
            Price.Dynamic.Check(1_001m, 100_001m, 0m).Select(error => $"{error.Pointer} {error.Code}"));
        Assert.Equal("/multiplier", Assert.Single(Price.Dynamic.Check(0.0000000000001m, 0m, 0m)).Pointer);
        Assert.Empty(Price.Dynamic.Check(1_000m, 100_000m, 0m));
        Assert.Throws<InvalidPriceException>(() => new Price.Dynamic(-1m));
    }
}
