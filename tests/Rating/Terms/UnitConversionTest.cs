using FsCheck;
using FsCheck.Fluent;

namespace Metering.Rating.Tests;

public sealed class UnitConversionTest
{
    [Fact]
    public void D_unit_conversion_comes_before_the_usage_discount_and_the_price()
    {
        const string table = """
            row  operation    rounding  price    free  prior  cumulative  billed  total
            D1   divide 1000  up        unit 10  0     0      1400        2       20.00
            D2   divide 1000  up        unit 10  0     1400   2700        1       10.00
            D4   divide 1000  up        unit 10  0.5   0      1400        1.5     15.00
            D5   times 1.2    none      unit 1   0     0      10          12      12.00
            D6a  divide 1000  down      unit 1   0     0      1900        1       1.00
            D6b  divide 1000  nearest   unit 1   0     0      1500        2       2.00
            D6c  divide 1000  nearest   unit 1   0     0      1400        1       1.00
            D6d  divide 1000  none      unit 1   0     0      1400        1.4     1.40
            D8   divide 1e9   none      unit 1   0     0      99300000000  99.3   99.30
            """;
        foreach (var row in TextTable.Rows(table))
        {
            var factor = decimal.Parse(row["operation"].Split(' ')[1], System.Globalization.NumberStyles.Float);
            var rounding = Enum.Parse<UnitRounding>(row["rounding"], ignoreCase: true);
            var conversion = row["operation"].StartsWith("divide", StringComparison.Ordinal)
                ? UnitConversion.DivideBy(factor, rounding)
                : UnitConversion.MultiplyBy(factor, rounding);
            var terms = new RateCardTerms(usageDiscount: row.Decimal("free"), conversion: conversion);
            var usage = new Usage(row.Decimal("prior"), row.Decimal("cumulative"));
            var result = Rater.Rate(Some.Input(PriceText.Parse(row["price"]), usage.Prior == 0m ? "single" : "last", usage, terms));
            Assert.Equal(
                (row.ToString(), row.Decimal("billed"), row["total"]), (row.ToString(), result.Billable.Quantity, result.Total.ToAmountString()));
        }
    }

    [Fact]
    public void Quantities_round_to_any_digit()
    {
        const string table = """
            row   rounding  digits  quantity  converted
            AG6a  nearest   2       123.456   123.46
            AG6b  nearest   0       123.456   123
            AG6c  nearest   -2      123.456   100
            AG7a  up        2       123.456   123.46
            AG7b  up        0       123.456   124
            AG7c  up        -2      123.456   200
            AG8a  down      2       123.456   123.45
            AG8b  down      0       123.456   123
            AG8c  down      -2      123.456   100
            one   nearest   1       123.456   123.5
            up1   up        0       3         3
            up2   up        -1      30        30
            half  nearest   -2      150       200
            none  none      -2      150.5     150.5
            """;
        foreach (var row in TextTable.Rows(table))
        {
            var rounding = Enum.Parse<UnitRounding>(row["rounding"], ignoreCase: true);
            var digits = (int)row.Decimal("digits");
            UnitConversion[] both = [UnitConversion.MultiplyBy(1m, rounding, digits), UnitConversion.DivideBy(1m, rounding, digits)];
            Assert.All(both, each => Assert.Equal((row.ToString(), row.Decimal("converted")), (row.ToString(), each.Apply(row.Decimal("quantity")))));
        }
    }

    [Fact]
    public void A_division_without_an_end_neither_misses_a_rest_nor_invents_one()
    {
        var thirds = UnitConversion.DivideBy(3m, UnitRounding.Up);
        Assert.Equal([1m, 2m, 2m, 3334m], new[] { 3m, 3.000000000001m, 6m, 10_000m }.Select(thirds.Apply));
        Assert.Equal(2m, UnitConversion.DivideBy(0.000000000003m, UnitRounding.Nearest).Apply(0.000000000005m));
    }

    [Fact]
    public void D7_what_cannot_be_converted_is_refused()
    {
        Assert.Equal("/factor NotPositive", Text(UnitConversion.Check(0m, 0)));
        Assert.Equal("/factor NotPositive", Text(UnitConversion.Check(-1m, 0)));
        Assert.Equal("/digits TooManyDecimals", Text(UnitConversion.Check(1m, 7)));
        Assert.Equal("/digits TooManyDecimals", Text(UnitConversion.Check(1m, -7)));
        Assert.Equal("", Text(UnitConversion.Check(1m, 6)) + Text(UnitConversion.Check(1m, -6)));
        Assert.Throws<InvalidPriceException>(() => UnitConversion.DivideBy(0m, UnitRounding.Up));

        var terms = new RateCardTerms(conversion: UnitConversion.DivideBy(1000m, UnitRounding.Up));
        foreach (var price in new[] { "package 10 for 15", "flat 5 in advance", "percentage 1" })
        {
            Assert.Equal("/conversion NotApplicable", Text(terms.CheckFor(PriceText.Parse(price))));
            Assert.Throws<InvalidPriceException>(() => Rater.Rate(Some.Input(PriceText.Parse(price), 0m, terms)));
        }

        Assert.Empty(terms.CheckFor(PriceText.Parse("unit 1")));
        Assert.Empty(RateCardTerms.None.CheckFor(PriceText.Parse("package 10 for 15")));
        Assert.Equal("/usageDiscount NotApplicable", Text(new RateCardTerms(usageDiscount: 1m).CheckFor(PriceText.Parse("percentage 1"))));
        Assert.Empty(new RateCardTerms(usageDiscount: 1m).CheckFor(PriceText.Parse("package 10 for 15")));
    }

    [Fact]
    public void A_result_beyond_the_bounds_is_an_error_and_not_an_overflow()
    {
        var largest = UnitConversion.MultiplyBy(RatingBounds.QuantityMax, UnitRounding.Up);
        Assert.Equal(RatingBounds.QuantityMax, largest.Apply(1m));
        Assert.Throws<ArgumentOutOfRangeException>(() => largest.Apply(1.1m));
        Assert.Throws<ArgumentOutOfRangeException>(() => UnitConversion.DivideBy(0.5m, UnitRounding.None).Apply(RatingBounds.QuantityMax));
        Assert.Equal(RatingBounds.QuantityMax, UnitConversion.DivideBy(1m, UnitRounding.Up, 6).Apply(RatingBounds.QuantityMax));
    }

    [Fact]
    public void However_a_period_is_split_it_bills_the_units_of_the_whole()
    {
        var cases =
            from factor in Generated.Quantity
            from divides in Gen.Elements(true, false)
            from rounding in Gen.Elements(Enum.GetValues<UnitRounding>())
            from digits in Gen.Choose(-2, 3)
            from parts in Gen.ArrayOf(Generated.Quantity, 3)
            let converts = divides ? UnitConversion.DivideBy(factor + 0.5m, rounding, digits) : UnitConversion.MultiplyBy(factor + 0.5m, rounding,
                digits)
            select (converts, A: parts[0], B: parts[0] + parts[1], C: parts.Sum());
        Law.Holds(cases, x =>
        {
            var terms = new RateCardTerms(conversion: x.converts);
            RatingResult Line(string mode, decimal prior, decimal cumulative) =>
                Rater.Rate(Some.Input(new Price.PerUnit(3m), mode, new Usage(prior, cumulative), terms));
            var whole = Line("single", 0m, x.C);
            RatingResult[] split = [Line("first", 0m, x.A), Line("mid", x.A, x.B), Line("last", x.B, x.C)];
            Assert.Equal(whole.Billable.Quantity, split.Sum(part => part.Billable.Quantity));
            Assert.Equal(whole.Total.Amount, split.Sum(part => part.Total.Amount));
        });
    }

    private static string Text(IEnumerable<PriceError> errors) => string.Join(", ", errors.Select(error => $"{error.Pointer} {error.Code}"));
}
