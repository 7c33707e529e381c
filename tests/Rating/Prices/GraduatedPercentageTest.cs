namespace Metering.Rating.Tests;

public sealed class GraduatedPercentageTest
{
    private const string Lago = "percentages up to 10: flat 200 + 1 % | up to 20: flat 300 + 2 % | then flat 400 + 3 %";

    [Fact]
    public void Each_part_of_the_amount_pays_the_rate_of_its_tier()
    {
        const string table = """
            row  amount  exact
            GP1  0       200
            GP2  1       200.01
            GP3  10      200.1
            GP4  11      500.12
            GP5  12      500.14
            GP6  21      900.33
            """;
        foreach (var row in TextTable.Rows(table))
        {
            var result = Rater.Rate(Some.Input(PriceText.Parse(Lago), row.Decimal("amount")));
            Assert.Equal((row.ToString(), row.Decimal("exact")), (row.ToString(), result.Charges.Sum(charge => charge.Exact.Amount)));
            Assert.Equal(row.Decimal("amount"), result.Charges.Where(charge => charge.CountsUnits).Sum(charge => charge.Quantity));
        }
    }

    [Fact]
    public void Names_tell_tier_and_rate() => Assert.Equal(
        ["Tier 1 (up to 10), 1 %", "Tier 1 (up to 10), 1 %, flat", "Tier 2 (over 10 up to 20), 2 %", "Tier 2 (over 10 up to 20), 2 %, flat"],
        Rater.Rate(Some.Input(PriceText.Parse(Lago), 15m)).Charges.Select(charge => charge.Name));

    [Fact]
    public void A_tier_is_named_by_its_bounds()
    {
        string Names(string price, decimal quantity) =>
            string.Join(" | ", Rater.Rate(Some.Input(PriceText.Parse(price), quantity)).Charges.Select(charge => charge.Name));
        Assert.Equal("Tier 1 (all)", Names("graduated then 2 each", 5m));
        Assert.Equal("Tier 1 (up to 1) | Tier 2 (over 1)", Names("graduated up to 1: 2 each | then 1 each", 5m));
        Assert.Equal(
            "Tier 1 (up to 1) | Tier 2 (over 1 up to 1.5) | Tier 3 (over 1.5)",
            Names("graduated up to 1: 2 each | up to 1.5: 1 each | then 1 each", 5m));
    }

    [Fact]
    public void The_first_flat_amount_can_wait_for_the_first_use()
    {
        var price = new Price.GraduatedPercentage([new PercentageTier(null, 5m, 1m)], TierEntry.OnFirstUse);
        Assert.Empty(Rater.Rate(Some.Input(price, 0m)).Charges);
        Assert.Equal("5.01 USD", Rater.Rate(Some.Input(price, 1m)).Total.ToString());
    }

    [Fact]
    public void Bounds_and_rates_are_checked_and_equality_is_by_tiers()
    {
        Assert.Equal("/tiers", Assert.Single(Price.GraduatedPercentage.Check(default)).Pointer);
        Assert.Equal("/tiers", Assert.Single(Price.GraduatedPercentage.Check([])).Pointer);
        Assert.Equal(
            ["/tiers/0/upTo LastTierNotOpen", "/tiers/0/rate NotAPercentage"],
            Price.GraduatedPercentage.Check([new PercentageTier(5m, 0m, 101m)]).Select(error => $"{error.Pointer} {error.Code}"));
        Assert.Equal("/tiers/0/flatAmount", Assert.Single(Price.GraduatedPercentage.Check([new PercentageTier(null, -1m, 1m)])).Pointer);
        Assert.Throws<InvalidPriceException>(() => new Price.GraduatedPercentage([]));
        Assert.Equal(PriceText.Parse(Lago), PriceText.Parse(Lago));
        Assert.Equal(PriceText.Parse(Lago).GetHashCode(), PriceText.Parse(Lago).GetHashCode());
        Assert.NotEqual(PriceText.Parse(Lago), PriceText.Parse("percentages then 1 %"));
        Assert.NotEqual(
            new Price.GraduatedPercentage([new PercentageTier(null, 5m, 1m)], TierEntry.OnFirstUse),
            new Price.GraduatedPercentage([new PercentageTier(null, 5m, 1m)]));
    }
}
