namespace Metering.Rating.Tests;

public sealed class AdjustmentsTest
{
    [Fact]
    public void Adjustments_act_in_their_order()
    {
        const string table = """
            price                              quantity  free  percent  maximum  minimum  total    charges
            unit 10                            2         0.5   0        -        -        15.00    15.00
            unit 10                            2         5     0        -        -        0.00     -
            unit 10                            10        0     0        100      -        100.00   100.00
            unit 10                            11        0     0        100      -        100.00   110.00 -10.00
            flat 200 in advance                0         0     50       -        -        100.00   200.00 -100.00
            unit 10                            20        5     10       120      -        120.00   150.00 -15.00 -15.00
            unit 10                            10        0     20       90       -        80.00    100.00 -20.00
            unit 10                            10        0     50       -        60       60.00    100.00 -50.00 10.00
            unit 10                            10        0     100      -        -        0.00     100.00 -100.00
            unit 10                            10        0     100      40       40       40.00    100.00 -100.00 40.00
            volume up to 5: flat 100 | then 1 each  5    0     0        100      -        100.00   0.00 100.00
            graduated up to 10: 1 each | then 2 each  15  10   0        -        -        5.00     5.00
            unit 7                             1         0     0        -        10       10.00    7.00 3.00
            unit 15                            1         0     0        -        10       15.00    15.00
            unit 10                            10        0     0        33.335   33.335   33.34    100.00 -66.66
            """;
        foreach (var row in TextTable.Rows(table))
        {
            var terms = new RateCardTerms(
                row.Decimal("free"), row.Decimal("percent"), row.OptionalDecimal("maximum"), row.OptionalDecimal("minimum"));
            var result = Rater.Rate(Some.Input(PriceText.Parse(row["price"]), row.Decimal("quantity"), terms));
            var charges = result.Charges.IsEmpty ? "-" : string.Join(' ', result.Charges.Select(charge => charge.Amount.ToAmountString()));
            Assert.Equal((row.ToString(), row["total"], row["charges"]), (row.ToString(), result.Total.ToAmountString(), charges));
        }
    }

    [Fact]
    public void A_full_discount_leaves_nothing_even_where_each_charge_was_rounded_up()
    {
        var price = PriceText.Parse("graduated up to 1: 0.005 each | up to 2: 0.005 each | then 0.005 each");
        var result = Rater.Rate(Some.Input(price, 3m, new RateCardTerms(percentageDiscount: 100m)));
        Assert.Equal("0.03", result.TotalOf(ChargeKind.Usage).ToAmountString());
        Assert.Equal("-0.03", result.TotalOf(ChargeKind.Discount).ToAmountString());
        Assert.True(result.Total.IsZero);
    }

    [Fact]
    public void A_usage_discount_is_spent_by_the_first_lines_of_the_period()
    {
        var (price, terms) = (new Price.PerUnit(1m), new RateCardTerms(usageDiscount: 10m));
        var first = Rater.Rate(Some.Input(price, "first", new Usage(0m, 7m), terms));
        var middle = Rater.Rate(Some.Input(price, "mid", new Usage(7m, 12m), terms));
        var last = Rater.Rate(Some.Input(price, "last", new Usage(12m, 20m), terms));
        Assert.Equal("0.00 2.00 8.00", string.Join(' ', new[] { first, middle, last }.Select(line => line.Total.ToAmountString())));
        Assert.Equal(new Usage(0m, 2m), middle.Billable);
        Assert.Equal(new Usage(2m, 10m), last.Billable);
    }

    [Fact]
    public void A_maximum_holds_for_the_period_and_not_for_each_of_its_lines()
    {
        var (price, terms) = (new Price.PerUnit(100m), new RateCardTerms(maximumAmount: 2000m));
        var first = Rater.Rate(Some.Input(price, "first", new Usage(0m, 15m), terms));
        var middle = Rater.Rate(Some.Input(price, "mid", new Usage(15m, 30m), terms));
        var last = Rater.Rate(Some.Input(price, "last", new Usage(30m, 40m), terms));
        Assert.Equal("1500.00 500.00 0.00", string.Join(' ', new[] { first, middle, last }.Select(line => line.Total.ToAmountString())));
    }

    [Fact]
    public void A_percentage_comes_off_the_smallest_total_and_off_nothing_it_is_not_a_charge()
    {
        var terms = new RateCardTerms(percentageDiscount: 50m);
        Assert.Equal("1.00 -0.50", string.Join(' ', Rater.Rate(Some.Input(new Price.PerUnit(1m), 1m,
            terms)).Charges.Select(c => c.Amount.ToAmountString())));
        var half = new RateCardTerms(percentageDiscount: 0.5m);
        Assert.Equal("99.50 USD", Rater.Rate(Some.Input(new Price.PerUnit(100m), 1m, half)).Total.ToString());
        Assert.Equal("0.00", Assert.Single(Rater.Rate(Some.Input(new Price.PerUnit(0m), 1m, terms)).Charges).Amount.ToAmountString());
    }
}
