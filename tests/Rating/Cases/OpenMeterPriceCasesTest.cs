namespace Metering.Rating.Tests;

/// <summary>What OpenMeter's own tests assert about prices, row by row; a row whose answer we give differently says so in its name.</summary>
public sealed class OpenMeterPriceCasesTest
{
    private const string G1 = "graduated up to 5: flat 100 | up to 10: flat 50 | up to 15: 5 each | then 1 each";
    private const string G2 = "graduated up to 5: flat 100 | up to 10: flat 50 | up to 15: 10 each | then 5 each";
    private const string V1 = "volume up to 5: flat 100 | up to 10: flat 150 | up to 15: 10 each | then 5 each";
    private const string Kong = "up to 1000: 0.3 each | up to 5000: 0.2 each | then 0.1 each";

    [Fact]
    public void A_graduated_tiers() => Verify("""
        row   price                                           mode    prior  cumulative  min   max  total
        A1    G1                                              single  0      22          -     -    182.00
        A2    G1                                              last    12     22          -     -    22.00
        A3    G1                                              mid     7      8           -     -    0.00
        A4    G1                                              last    0      0           -     -    0.00
        A5    G1                                              last    0      0           1000  -    900.00
        A6    G1                                              last    2      2           1000  -    900.00
        A7    G1                                              mid     2      2           1000  -    0.00
        A9    G2                                              single  0      0           -     -    100.00
        A10a  G2                                              single  0      3           -     -    100.00
        A10b  G2                                              single  0      5           -     -    100.00
        A11   G2                                              single  0      6           -     -    150.00
        A12   G2                                              single  0      16          -     -    205.00
        A13   KG                                              single  0      6000        -     -    1200.00
        A15a  graduated up to 1000: flat 500 | then 0.1 each  single  0      2000        -     -    600.00
        A15b  graduated up to 1000: flat 500 | then 0.1 each  single  0      0           -     -    500.00
        """);

    [Fact]
    public void A9_the_flat_amount_of_the_first_tier_at_zero_usage_is_a_choice()
    {
        var tiers = PriceText.Tiers("up to 5: flat 100 | then 1 each");
        Price[] prices = [new Price.Graduated(tiers, TierEntry.OnFirstUse), new Price.Volume(tiers, TierEntry.OnFirstUse)];
        foreach (var price in prices)
        {
            Assert.Equal("0.00", Rater.Rate(Some.Input(price, 0m)).Total.ToAmountString());
            Assert.Equal("100.00", Rater.Rate(Some.Input(price, 0.001m)).Total.ToAmountString());
        }

        Assert.Equal("100.00", Rater.Rate(Some.Input(new Price.Graduated(tiers), 0m)).Total.ToAmountString());
        Assert.Equal("100.00", Rater.Rate(Some.Input(new Price.Volume(tiers), 0m)).Total.ToAmountString());
        Assert.NotEqual<Price>(new Price.Graduated(tiers), prices[0]);
        Assert.NotEqual<Price>(new Price.Volume(tiers), prices[1]);
    }

    [Fact]
    public void B_volume_tiers() => Verify("""
        row   price  mode    prior  cumulative  min  max  total
        B1a   V1     last    0      0           -    -    100.00
        B1b   V1     last    0      3           -    -    100.00
        B1c   V1     last    0      5           -    -    100.00
        B2a   V1     last    0      14          -    -    140.00
        B2b   V1     last    0      15          -    -    150.00
        B3    V1     last    0      16          -    -    80.00
        B4    V1     last    0      100         -    -    500.00
        B5    V1     mid     0      10          -    -    0.00
        B7a   V1     last    0      0           150  -    150.00
        B7b   V1     last    0      5           150  -    150.00
        B9    V1     last    0      5           -    100  100.00
        B11   KV     single  0      6000        -    -    600.00
        """);

    [Fact]
    public void C_unit_package_dynamic_flat() => Verify("""
        row   price                mode    prior  cumulative  min  max  total
        C1a   unit 100             single  0      10          -    -    1000.00
        C1b   unit 100             mid     0      10          -    -    1000.00
        C1c   unit 100             single  0      0           -    -    0.00
        C2a   unit 100             single  0      0           100  -    100.00
        C2b   unit 100             last    0      0           100  -    100.00
        C2c   unit 100             mid     0      0           100  -    0.00
        C3    unit 10              single  0      10          -    100  100.00
        C6a   package 10 for 15    single  0      0           -    -    0.00
        C6b   package 10 for 15    single  0      1           -    -    15.00
        C6c   package 10 for 15    single  0      9           -    -    15.00
        C6d   package 10 for 15    single  0      10          -    -    15.00
        C6e   package 10 for 15    single  0      11          -    -    30.00
        C7    package 10 for 15    mid     0      5           -    -    15.00
        C10a  package 20 for 10    single  0      20.1        -    -    20.00
        C10b  package 20 for 10    single  0      98          -    -    50.00
        C11   dynamic 1.33333      single  0      10          -    -    13.33
        C13a  dynamic 1            single  0      0           100  -    100.00
        C13b  dynamic 1            last    0      0           100  -    100.00
        C13c  dynamic 1            mid     0      0           100  -    0.00
        C14a  flat 100 in advance  single  0      0           -    -    100.00
        C14b  flat 100 in advance  mid     0      0           -    -    0.00
        C14c  flat 100 in advance  last    0      0           -    -    0.00
        C15a  flat 100 in arrears  mid     0      0           -    -    0.00
        C15b  flat 100 in arrears  last    0      0           -    -    100.00
        """);

    [Fact]
    public void C16_half_of_a_fee_is_taken_off() => Assert.Equal("100.00", Rater.Rate(
        Some.Input(PriceText.Parse("flat 200 in advance"), 0m, new RateCardTerms(percentageDiscount: 50m))).Total.ToAmountString());

    [Fact]
    public void E_progressive_billing() => Verify("""
        row  price                                                                                   mode   prior  cumulative  min   max   total
        E1a  unit 100                                                                                first  0      10          -     2000  1000.00
        E1b  flat 100 in arrears                                                                     first  0      0           -     -     0.00
        E1c  volume up to 10: 100 each | up to 20: 90 each | then 80 each                            first  0      15          3000  -     0.00
        E2a  unit 100                                                                                first  0      20          -     2000  2000.00
        E2b  graduated up to 10: 100 each | up to 20: 90 each | then 80 each                         first  0      15          -     -     1450.00
        E2c  unit 100                                                                                mid    10     30          -     2000  1000.00
        E4a  graduated up to 10: flat 100 + 10 each | up to 20: flat 200 + 5 each | then 80 each     first  0      0           -     -     100.00
        E4b  graduated up to 10: flat 100 + 10 each | up to 20: flat 200 + 5 each | then 80 each     mid    0      0           -     -     0.00
        E4c  graduated up to 10: flat 100 + 10 each | up to 20: flat 200 + 5 each | then 80 each     last   0      15          -     -     325.00
        E6a  unit 1                                                                                  last   0      3           -     -     3.00
        E6b  volume up to 1000: 1 each | then 0.5 each                                               last   0      3           -     -     3.00
        """);

    private static void Verify(string table)
    {
        foreach (var row in TextTable.Rows(table))
        {
            var price = row["price"] switch
            {
                "G1" => G1,
                "G2" => G2,
                "V1" => V1,
                "KG" => $"graduated {Kong}",
                "KV" => $"volume {Kong}",
                var text => text,
            };
            var terms = new RateCardTerms(maximumAmount: row.OptionalDecimal("max"), minimumAmount: row.OptionalDecimal("min"));
            var usage = new Usage(row.Decimal("prior"), row.Decimal("cumulative"));
            var input = Some.Input(PriceText.Parse(price), row["mode"], usage, terms);
            Assert.Equal((row.ToString(), row["total"]), (row.ToString(), Rater.Rate(input).Total.ToAmountString()));
            Assert.Equal(Rater.Rate(input).Total, Rater.Total(input));
        }
    }
}
