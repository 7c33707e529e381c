using System.Collections.Immutable;

namespace Metering.Rating.Tests;

public sealed class PriceCheckTest
{
    private static readonly PriceTier Largest = new(null, RatingBounds.AmountMax, RatingBounds.AmountMax);

    [Fact]
    public void Tiers_that_do_not_cover_the_line_once_are_refused_with_a_pointer()
    {
        const string table = """
            tiers                                                errors
            then 1 each                                          -
            up to 5: 1 each | then 2 each                        -
            up to 5: 1 each                                      /tiers/0/upTo LastTierNotOpen
            then 1 each | then 2 each                            /tiers/0/upTo OpenTierNotLast
            up to 5: 1 each | up to 5: 1 each | then 1 each      /tiers/1/upTo TiersNotAscending
            up to 5: 1 each | up to 4: 1 each | then 1 each      /tiers/1/upTo TiersNotAscending
            up to 0.5: 1 each | up to 0.5: 1 each | then 1 each  /tiers/1/upTo TiersNotAscending
            up to 0: 1 each | then 1 each                        /tiers/0/upTo NotPositive
            up to -1: 1 each | then 1 each                       /tiers/0/upTo NotPositive
            up to 10000000000000001: 1 each | then 1 each        /tiers/0/upTo TooLarge
            up to 0.0000000000001: 1 each | then 1 each          /tiers/0/upTo TooManyDecimals
            up to 5: flat 1000000000001 | then 1 each            /tiers/0/flatAmount TooLarge
            then 0.0000000000001 each                            /tiers/0/unitAmount TooManyDecimals
            up to 9: 1 each | then 1 each | then 1 each          /tiers/1/upTo OpenTierNotLast
            up to 9: 1 each | up to 3: 2 each                    /tiers/1/upTo LastTierNotOpen, /tiers/1/upTo TiersNotAscending
            """;
        foreach (var row in TextTable.Rows(table))
        {
            var tiers = PriceText.Tiers(row["tiers"]);
            Assert.Equal((row.ToString(), row["errors"]), (row.ToString(), Text(Price.Graduated.Check(tiers))));
            Assert.Equal(Price.Graduated.Check(tiers), Price.Volume.Check(tiers));
        }
    }

    [Fact]
    public void Prices_below_zero_or_without_tiers_are_refused()
    {
        Assert.Equal("/tiers NoTiers", Text(Price.Graduated.Check([])));
        Assert.Equal("/tiers NoTiers", Text(Price.Volume.Check(default)));
        var many = Enumerable.Range(1, RatingBounds.TiersMax + 1).Select(i => PriceTier.PerUnit(i, 1m)).ToImmutableArray();
        Assert.Equal("/tiers TooManyTiers", Text(Price.Graduated.Check(many)));
        Assert.Equal($"/tiers/{RatingBounds.TiersMax - 1}/upTo LastTierNotOpen", Text(Price.Graduated.Check(many[..^1])));
        Assert.Equal(
            "/tiers/0/flatAmount Negative, /tiers/0/unitAmount Negative",
            Text(Price.Graduated.Check([new PriceTier(null, -1m, -1m)])));
        Assert.Equal("/amount Negative", Text(Price.Flat.Check(-0.01m)));
        Assert.Equal("/amount Negative", Text(Price.PerUnit.Check(-0.01m)));
        Assert.Equal("/amount TooLarge", Text(Price.PerUnit.Check(RatingBounds.AmountMax + 1m)));
        Assert.Equal("/quantityPerPackage NotPositive", Text(Price.Package.Check(1m, 0m)));
        Assert.Equal("/amount Negative, /quantityPerPackage NotPositive", Text(Price.Package.Check(-1m, -1m)));
        Assert.Equal("/amount TooLarge", Text(Price.Package.Check(RatingBounds.AmountMax, 0.5m)));
        Assert.Empty(Price.Package.Check(RatingBounds.AmountMax, 1m));
        Assert.Empty(Price.Package.Check(RatingBounds.AmountMax, RatingBounds.QuantityMax));
        Assert.Equal("/quantityPerPackage TooLarge", Text(Price.Package.Check(1m, RatingBounds.QuantityMax + 1m)));
    }

    [Fact]
    public void Terms_that_contradict_themselves_are_refused()
    {
        const string table = """
            usage discount  percentage  maximum  minimum  errors
            0               0           -        -        -
            5               100         100      100      -
            -1              0           -        -        /usageDiscount Negative
            0               100.01      -        -        /percentageDiscount NotAPercentage
            0               -1          -        -        /percentageDiscount NotAPercentage
            0               0           -1       -        /maximumAmount Negative
            0               0           -        -1       /minimumAmount Negative
            0               0           100      101      /minimumAmount MinimumAboveMaximum
            """;
        foreach (var row in TextTable.Rows(table))
        {
            var errors = RateCardTerms.Check(
                row.Decimal("usage discount"), row.Decimal("percentage"), row.OptionalDecimal("maximum"), row.OptionalDecimal("minimum"));
            Assert.Equal((row.ToString(), row["errors"]), (row.ToString(), Text(errors)));
        }
    }

    [Fact]
    public void A_price_that_exists_is_valid()
    {
        var thrown = Assert.Throws<InvalidPriceException>(() => new Price.Graduated([PriceTier.PerUnit(5m, 1m)]));
        Assert.Equal(PriceErrorCode.LastTierNotOpen, Assert.Single(thrown.Errors).Code);
        Assert.Contains("/tiers/0/upTo", thrown.Message, StringComparison.Ordinal);
        Assert.Throws<InvalidPriceException>(() => new Price.Volume([]));
        Assert.Throws<InvalidPriceException>(() => new Price.Flat(-1m, PaymentTerm.InAdvance));
        Assert.Throws<InvalidPriceException>(() => new Price.PerUnit(-1m));
        Assert.Throws<InvalidPriceException>(() => new Price.Package(1m, 0m));
        Assert.Throws<InvalidPriceException>(() => new RateCardTerms(percentageDiscount: 101m));
    }

    [Fact]
    public void Short_ways_to_write_tiers_leave_the_other_amount_zero() => Assert.Equal(
        (new PriceTier(5m, 2m, 0m), new PriceTier(5m, 0m, 2m)), (PriceTier.Flat(5m, 2m), PriceTier.PerUnit(5m, 2m)));

    [Fact]
    public void Prices_are_equal_by_what_they_charge()
    {
        const string graduated = "graduated up to 5: flat 100 | then 1 each";
        Assert.Equal(PriceText.Parse(graduated), PriceText.Parse(graduated));
        Assert.Equal(PriceText.Parse(graduated).GetHashCode(), PriceText.Parse(graduated).GetHashCode());
        Assert.NotEqual(PriceText.Parse(graduated), PriceText.Parse("graduated up to 5: flat 100 | then 2 each"));
        Assert.Equal(PriceText.Parse("volume then 1 each"), PriceText.Parse("volume then 1 each"));
        Assert.NotEqual(PriceText.Parse("volume then 1 each"), PriceText.Parse("graduated then 1 each"));
    }

    [Fact]
    public void The_largest_figures_that_are_accepted_do_not_overflow()
    {
        var terms = new RateCardTerms(percentageDiscount: 50m, maximumAmount: RatingBounds.AmountMax, minimumAmount: RatingBounds.AmountMax);
        Price[] prices =
        [
            new Price.PerUnit(RatingBounds.AmountMax),
            new Price.Package(RatingBounds.AmountMax * 0.000000000001m, 0.000000000001m),
            new Price.Graduated([Largest with { UpTo = 0.1m }, Largest]),
            new Price.Volume([Largest]),
            new Price.Overage(0m, new Price.PerUnit(RatingBounds.AmountMax)),
            new Price.Dynamic(Price.Dynamic.MultiplierMax, 0m),
            new Price.GraduatedPercentage([new PercentageTier(null, RatingBounds.AmountMax, 100m)]),
        ];
        foreach (var price in prices)
        {
            foreach (var currency in Currency.All)
            {
                var input = Some.Input(price, RatingBounds.QuantityMax, terms) with { Currency = currency };
                Assert.Equal(RatingBounds.AmountMax, Rater.Rate(input).Total.Amount);
            }
        }

        Assert.Throws<ArgumentOutOfRangeException>(() => Usage.Of(RatingBounds.QuantityMax + 1m));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Usage(RatingBounds.QuantityMax + 1m, 0m));
    }

    private static string Text(ImmutableArray<PriceError> errors)
    {
        Assert.All(errors, error => Assert.EndsWith(".", error.Message, StringComparison.Ordinal));
        return errors.IsEmpty ? "-" : string.Join(", ", errors.Select(error => $"{error.Pointer} {error.Code}"));
    }
}
