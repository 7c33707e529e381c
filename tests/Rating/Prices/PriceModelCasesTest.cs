namespace Metering.Rating.Tests;

/// <summary>Totals that the established engines agree on, restated as tables. Mode is the part of the service period that the line bills.</summary>
public sealed class PriceModelCasesTest
{
    [Fact]
    public void Flat_amounts_and_unit_amounts_mix_in_graduated_tiers()
    {
        const string price = "graduated up to 5: flat 100 | up to 10: flat 50 | up to 15: 5 each | then 1 each";
        Verify(price, """
            mode    prior  cumulative  minimum  total   charges
            single  0      4           -        100.00  1u 1f
            single  0      12          -        160.00  1u 1f 2u 2f 3u
            single  0      22          -        182.00  1u 1f 2u 2f 3u 4u
            mid     12     22          -        22.00   3u 4u
            mid     7      8           -        0.00    2u
            last    0      0           -        0.00    -
            last    0      0           1000     900.00  min
            last    2      2           1000     900.00  min
            mid     2      2           1000     0.00    -
            first   0      0           -        100.00  1f
            """);
    }

    [Fact]
    public void Each_unit_is_priced_by_the_tier_it_falls_in()
    {
        Verify("graduated up to 1000: 0.3 each | up to 5000: 0.2 each | then 0.1 each", """
            mode    prior  cumulative  minimum  total    charges
            single  0      6000        -        1200.00  1u 2u 3u
            single  0      1000        -        300.00   1u
            single  0      1000.001    -        300.00   1u 2u
            single  0      0           -        0.00     -
            """);
        Verify("graduated up to 1000: flat 500 | then 0.1 each", """
            mode    prior  cumulative  minimum  total   charges
            single  0      2000        -        600.00  1u 1f 2u
            single  0      0           -        500.00  1f
            """);
        Verify("graduated up to 10: flat 2 + 10 each | up to 20: flat 3 + 5 each | then flat 3 + 5 each", """
            mode    prior  cumulative  minimum  total   charges
            single  0      0           -        2.00    1f
            single  0      1           -        12.00   1u 1f
            single  0      10          -        102.00  1u 1f
            single  0      11          -        110.00  1u 1f 2u 2f
            single  0      12          -        115.00  1u 1f 2u 2f
            single  0      21          -        163.00  1u 1f 2u 2f 3u 3f
            """);
    }

    [Fact]
    public void Tier_bounds_may_have_decimals_and_no_unit_falls_between_two_tiers()
    {
        Verify("graduated up to 0.1: 10 each | up to 1: 5 each | then 2 each", """
            mode    prior  cumulative  minimum  total  charges
            single  0      0.05        -        0.50   1u
            single  0      0.1         -        1.00   1u
            single  0      2           -        7.50   1u 2u 3u
            """);
        Verify("graduated up to 0.01: 0 each | up to 10: flat 2 + 10 each | then 1 each", """
            mode    prior  cumulative  minimum  total  charges
            single  0      0           -        0.00   -
            single  0      5           -        51.90  1u 2u 2f
            """);
    }

    [Fact]
    public void Volume_prices_all_units_by_the_tier_reached_and_only_when_the_period_closes()
    {
        Verify("volume up to 5: flat 100 | up to 10: flat 150 | up to 15: 10 each | then 5 each", """
            mode    prior  cumulative  minimum  total   charges
            last    0      0           -        100.00  1f
            last    0      3           -        100.00  1u 1f
            last    0      5           -        100.00  1u 1f
            last    0      6           -        150.00  2u 2f
            last    0      14          -        140.00  3u
            last    0      15          -        150.00  3u
            last    0      16          -        80.00   4u
            last    0      100         -        500.00  4u
            last    90     100         -        500.00  4u
            first   0      10          -        0.00    -
            mid     0      10          -        0.00    -
            last    0      0           150      150.00  1f min
            last    0      5           150      150.00  1u 1f min
            """);
        Verify("volume up to 100: flat 10 + 2 each | up to 200: 1 each | then flat 50 + 0.5 each", """
            mode    prior  cumulative  minimum  total   charges
            single  0      0           -        10.00   1f
            single  0      1           -        12.00   1u 1f
            single  0      100         -        210.00  1u 1f
            single  0      101         -        101.00  2u
            single  0      200         -        200.00  2u
            single  0      210         -        155.00  3u 3f
            """);
    }

    [Fact]
    public void Every_unit_costs_the_same_per_unit()
    {
        Verify("unit 100", """
            mode    prior  cumulative  minimum  total    charges
            single  0      10          -        1000.00  u
            mid     0      10          -        1000.00  u
            single  0      0           -        0.00     -
            single  0      -3          -        0.00     -
            single  0      0           100      100.00   min
            last    0      0           100      100.00   min
            mid     0      0           100      0.00     -
            """);
        Verify("unit 5.12345", """
            mode    prior  cumulative  minimum  total  charges
            single  0      10          -        51.23  u
            """);
    }

    [Fact]
    public void A_package_that_was_opened_is_paid_in_full_and_only_once()
    {
        Verify("package 10 for 15", """
            mode    prior  cumulative  minimum  total  charges
            single  0      0           -        0.00   -
            single  0      1           -        15.00  p
            single  0      10          -        15.00  p
            single  0      10.000001   -        30.00  p
            first   0      5           -        15.00  p
            last    5      9           -        0.00   -
            last    5      11          -        15.00  p
            """);
        Verify("package 20 for 10", """
            mode    prior  cumulative  minimum  total  charges
            single  0      20.1        -        20.00  p
            single  0      98          -        50.00  p
            """);
        Verify("package 10 for 100", """
            mode    prior  cumulative  minimum  total    charges
            single  0      121         -        1300.00  p
            """);
        Verify("package 0.000003 for 1", """
            mode    prior  cumulative         minimum  total          charges
            single  0      1                  -        333334.00      p
            single  0      3                  -        1000000.00     p
            """);
    }

    [Fact]
    public void A_flat_fee_is_charged_once_at_the_end_of_the_period_that_its_term_names()
    {
        Verify("flat 100 in advance", """
            mode    prior  cumulative  minimum  total   charges
            single  0      0           -        100.00  fee
            first   0      0           -        100.00  fee
            mid     0      0           -        0.00    -
            last    0      0           -        0.00    -
            """);
        Verify("flat 100 in arrears", """
            mode    prior  cumulative  minimum  total   charges
            single  0      0           -        100.00  fee
            first   0      0           -        0.00    -
            mid     0      0           -        0.00    -
            last    0      0           -        100.00  fee
            """);
    }

    [Fact]
    public void Progressive_lines_of_a_graduated_price_charge_each_tier_as_it_is_reached()
    {
        Verify("graduated up to 10: flat 100 + 10 each | up to 20: flat 200 + 5 each | then 80 each", """
            mode    prior  cumulative  minimum  total   charges
            first   0      0           -        100.00  1f
            mid     0      0           -        0.00    -
            last    0      15          -        325.00  1u 2u 2f
            """);
        Verify("graduated up to 10: 100 each | up to 20: 90 each | then 80 each", """
            mode    prior  cumulative  minimum  total    charges
            first   0      15          -        1450.00  1u 2u
            last    15     25          -        850.00   2u 3u
            """);
    }

    private static void Verify(string priceText, string table)
    {
        var price = PriceText.Parse(priceText);
        foreach (var row in TextTable.Rows(table))
        {
            var usage = new Usage(row.Decimal("prior"), row.Decimal("cumulative"));
            var terms = new RateCardTerms(minimumAmount: row.OptionalDecimal("minimum"));
            var result = Rater.Rate(Some.Input(price, row["mode"], usage, terms));
            var charges = result.Charges.IsEmpty ? "-" : string.Join(' ', result.Charges.Select(Short));
            Assert.Equal((row.ToString(), row["total"], row["charges"]), (row.ToString(), result.Total.ToAmountString(), charges));
        }
    }

    private static string Short(Charge charge) => charge.ChildReference switch
    {
        "unit" => "u",
        "package" => "p",
        "flat-fee" => "fee",
        "minimum-spend" => "min",
        var tier when tier.EndsWith("-unit") => $"{charge.Tier!.Number}u",
        _ => $"{charge.Tier!.Number}f",
    };
}
