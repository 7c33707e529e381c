namespace Metering.Rating.Tests;

/// <summary>
/// What Lago's specifications expect of prices, row by row, before rounding. Percentages, cost-plus, in-advance fees, commitments and
/// corrections are beside their models; what we answer differently is listed in <c>docs/rating-differences.md</c>.
/// </summary>
public sealed class LagoPriceCasesTest
{
    private const string Graduated = "graduated up to 10: flat 2 + 10 each | up to 20: flat 3 + 5 each | then flat 3 + 5 each";
    private const string Fine = "graduated up to 0.1: 10 each | up to 1: 5 each | then 2 each";
    private const string Tiny = "graduated up to 0.01: 0 each | up to 10: flat 2 + 10 each | then 1 each";
    private const string Volume = "volume up to 100: flat 10 + 2 each | up to 200: 1 each | then flat 50 + 0.5 each";

    [Fact]
    public void Standard_graduated_package_and_volume()
    {
        const string table = """
            row   price                                                               units    free  exact
            S1    unit 5.12345                                                        10       0     51.2345
            S3    unit 10                                                             10       0     100
            G1    graduated                                                           0        0     2
            G2    graduated                                                           1        0     12
            G3    graduated                                                           10       0     102
            G4    graduated                                                           11       0     110
            G5    graduated                                                           12       0     115
            G6    graduated                                                           21       0     163
            G7    fine                                                                0.05     0     0.5
            G8    fine                                                                1.05     0     5.6
            G9    tiny                                                                0        0     0
            G10≠  tiny                                                                5        0     51.9
            PK1   package 10 for 100                                                  121      0     1300
            PK3   package 10 for 100                                                  121      200   0
            V1    volume                                                              0        0     10
            V2    volume                                                              1        0     12
            V3    volume                                                              100      0     210
            V5    volume                                                              101      0     101
            V6    volume                                                              200      0     200
            V9    volume                                                              210      0     155
            V10   volume up to 1: 0 each | up to 100: flat 10 + 2 each | then 1 each  0        0     0
            PB1a  unit 0.0002                                                         1000000  0     200
            PB1b  unit 0.0002                                                         2000000  0     400
            """;
        foreach (var row in TextTable.Rows(table))
        {
            var price = row["price"] switch { "graduated" => Graduated, "fine" => Fine, "tiny" => Tiny, "volume" => Volume, var text => text };
            var input = Some.Input(PriceText.Parse(price), row.Decimal("units"), new RateCardTerms(usageDiscount: row.Decimal("free")));
            var exact = Rater.Rate(input).Charges.Sum(charge => charge.Exact.Amount);
            Assert.Equal((row.ToString(), row.Decimal("exact")), (row.ToString(), exact));
        }
    }

    [Fact]
    public void PA5_and_PA6_a_filter_with_a_default_is_a_dimensional_price()
    {
        var price = new Price.Dimensional(["region"], [new PriceCell(["europe"], new Price.PerUnit(20m))], new Price.PerUnit(10m), Pooling.EachGroup);
        string Total(string region) => Rater.Rate(Some.Input(price, 0m) with
        {
            Groups = new GroupedUsage(["region"], [new UsageGroup([region], Usage.Of(10m))]),
        }).Total.ToAmountString();
        Assert.Equal(("200.00", "100.00"), (Total("europe"), Total("asia")));
    }

    [Fact]
    public void M_the_minimum_of_a_charge_is_trued_up()
    {
        const string table = """
            row  used  minimum  missing
            M1   7.00  10       3.00
            M4   15    10       0.00
            M5   10    10       0.00
            """;
        foreach (var row in TextTable.Rows(table))
        {
            var result = Rater.Rate(Some.Input(new Price.PerUnit(1m), row.Decimal("used"), new RateCardTerms(minimumAmount: row.Decimal("minimum"))));
            Assert.Equal((row.ToString(), row["missing"]), (row.ToString(), result.TotalOf(ChargeKind.Commitment).ToAmountString()));
        }
    }
}
