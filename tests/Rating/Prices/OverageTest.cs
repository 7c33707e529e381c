namespace Metering.Rating.Tests;

public sealed class OverageTest
{
    [Fact]
    public void What_is_beyond_the_allowance_is_priced_from_its_first_unit()
    {
        const string table = """
            price                                                   mode    prior  cumulative  total  charges
            overage 1000 then unit 0.01                             single  0      0           0.00   -
            overage 1000 then unit 0.01                             single  0      1000        0.00   included 1000
            overage 1000 then unit 0.01                             single  0      1000.5      0.01   included 1000, overage/unit 0.5
            overage 1000 then unit 0.01                             single  0      1500        5.00   included 1000, overage/unit 500
            overage 1000 then unit 0.01                             mid     900    1100        1.00   included 100, overage/unit 100
            overage 1000 then unit 0.01                             mid     1100   1200        1.00   overage/unit 100
            overage 1000 then unit 0.01                             mid     1100   900         -1.00  included -100, overage/unit -100
            overage 0 then unit 2                                   single  0      3           6.00   overage/unit 3
            overage 5 then package 10 for 3                         single  0      16          6.00   included 5, overage/package 2
            overage 5 then graduated up to 5: flat 9 | then 1 each  single  0      5           0.00   included 5
            overage 5 then graduated up to 5: flat 4 | then 1 each  single  0      8           4.00   included 5, overage/1-unit 3, overage/1-flat 1
            overage 5 then volume up to 5: 2 each | then 1 each     single  0      12          7.00   included 5, overage/2-unit 7
            overage 5 then volume up to 5: 2 each | then 1 each     mid     0      12          0.00   included 5
            """;
        foreach (var row in TextTable.Rows(table))
        {
            var input = Some.Input(PriceText.Parse(row["price"]), row["mode"], new Usage(row.Decimal("prior"), row.Decimal("cumulative")));
            var result = Rater.Rate(input);
            var charges = result.Charges.IsEmpty ? "-" : string.Join(", ", result.Charges.Select(Short));
            Assert.Equal((row.ToString(), row["total"], row["charges"]), (row.ToString(), result.Total.ToAmountString(), charges));
            Assert.Equal(result.Total, Rater.Total(input));
        }
    }

    [Fact]
    public void Charges_beyond_the_allowance_are_called_overage() => Assert.Equal(
        ["Included", "Overage: Usage"],
        Rater.Rate(Some.Input(PriceText.Parse("overage 1 then unit 2"), 2m)).Charges.Select(charge => charge.Name));

    [Fact]
    public void Only_a_price_of_a_quantity_can_price_overage()
    {
        foreach (var text in new[] { "flat 1 in advance", "percentage 1", "overage 1 then unit 1", "dynamic 1 each 2" })
        {
            var error = Assert.Single(Price.Overage.Check(1m, PriceText.Parse(text)));
            Assert.Equal((PriceErrorCode.NotApplicable, "/beyond"), (error.Code, error.Pointer));
        }

        Assert.Empty(Price.Overage.Check(0m, PriceText.Parse("dynamic 1 markup 2")));
        Assert.Equal("/included", Assert.Single(Price.Overage.Check(-1m, PriceText.Parse("unit 1"))).Pointer);
        Assert.Throws<InvalidPriceException>(() => new Price.Overage(-1m, PriceText.Parse("unit 1")));
    }

    private static string Short(Charge charge) =>
        FormattableString.Invariant($"{charge.ChildReference} {charge.Quantity:0.##}")
            .Replace("graduated-tier-", "", StringComparison.Ordinal)
            .Replace("volume-tier-", "", StringComparison.Ordinal);
}
