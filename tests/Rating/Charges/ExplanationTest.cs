using NodaTime;

namespace Metering.Rating.Tests;

public sealed class ExplanationTest
{
    private const decimal TokensUsed = 62_345_678m;

    private static readonly ServicePeriod March = new(Instant.FromUtc(2026, 3, 1, 0, 0), Instant.FromUtc(2026, 4, 1, 0, 0));

    private static readonly Price ProTokens = PriceText.Parse(
        "graduated up to 2000000: 0 each | up to 10000000: 0.000005 each | up to 50000000: 0.000004 each | then 0.000003 each");

    [Fact]
    public void The_bill_of_a_Pro_customer_equals_the_calculation_by_hand()
    {
        var fee = Rater.Rate(Some.Input(new Price.Flat(49.00m, PaymentTerm.InAdvance), 0m) with { Line = LinePeriod.Whole(March) });
        var tokens = Rater.Rate(Some.Input(ProTokens, TokensUsed) with { Line = LinePeriod.Whole(March) });

        // tier 1:  2,000,000 included                               0.00
        // tier 2: 10,000,000 −  2,000,000 =  8,000,000 × 0.000005 =  40.00
        // tier 3: 50,000,000 − 10,000,000 = 40,000,000 × 0.000004 = 160.00
        // tier 4: 62,345,678 − 50,000,000 = 12,345,678 × 0.000003 =  37.037034, rounded 37.04
        Assert.Equal("0.00 40.00 160.00 37.04", string.Join(' ', tokens.Charges.Select(charge => charge.Amount.ToAmountString())));
        Assert.Equal(new Money(237.04m, Currency.Usd), tokens.Total);
        Assert.Equal(new Money(286.04m, Currency.Usd), fee.Total + tokens.Total);

        var text = $"{Explanation.Of(fee, "Pro, monthly fee", "fees")}\n{Explanation.Of(tokens, "Pro, tokens", "tokens")}\n"
            + $"Fee and tokens: {fee.Total.ToAmountString()} + {tokens.Total.ToAmountString()} = {fee.Total + tokens.Total}\n";
        Golden.Matches("pro-customer.txt", text);
    }

    [Fact]
    public void A_later_line_of_a_period_explains_discount_maximum_and_what_was_billed_before()
    {
        var terms = new RateCardTerms(usageDiscount: 500_000m, percentageDiscount: 12.5m, maximumAmount: 100m, minimumAmount: 99m);
        var result = Rater.Rate(Some.Input(ProTokens, "last", new Usage(9_876_543m, 45_678_901m), terms));
        Golden.Matches("last-line-with-terms.txt", Explanation.Of(result, "Tokens", "tokens"));
    }

    [Fact]
    public void A_fee_for_a_part_of_the_period_says_which_part()
    {
        var served = new ServicePeriod(Instant.FromUtc(2026, 3, 11, 12, 0), March.End);
        var result = Rater.Rate(Some.Input(new Price.Flat(49.00m, PaymentTerm.InAdvance), 0m) with { Line = LinePeriod.Partly(March, served) });
        Golden.Matches("prorated-fee.txt", Explanation.Of(result, "Pro, monthly fee", "fees"));
    }

    [Fact]
    public void Nothing_used_is_told_as_well() =>
        Golden.Matches("nothing-used.txt", Explanation.Of(Rater.Rate(Some.Input(new Price.PerUnit(0.25m), 0m)), "Requests", "requests"));

    [Fact]
    public void Every_model_explains_itself_and_its_parts_add_up_again()
    {
        var perThousand = new RateCardTerms(usageDiscount: 5m, conversion: UnitConversion.DivideBy(1_000m, UnitRounding.Up));
        var payments = Some.Input(PriceText.Parse("percentage 2.9 fixed 0.3 free 1 upto 100 min 0.5 max 12"), 0m) with
        {
            Transactions = TransactionUsage.Each(40m, 5m, 80m, 10_000m),
        };
        var matrix = new Price.Dimensional(
            ["model", "token_type"],
            [new PriceCell(["gpt-4o", "input"], PriceText.Parse("unit 0.0000025")), new PriceCell(["gpt-4o", null], PriceText.Parse("unit 0.00001"))],
            fallback: null,
            Pooling.EachGroup);
        var tokens = Some.Input(matrix, 0m) with
        {
            Groups = new GroupedUsage(
                ["model", "token_type"],
                [new(["gpt-4o", "input"], Usage.Of(1_234_567m)), new(["gpt-4o", "output"], Usage.Of(345_678m)), new(["new", "input"], Usage.Of(9m))]),
        };
        (string Title, string Units, RatingInput Input)[] lines =
        [
            ("Requests beyond a million", "requests", Some.Input(PriceText.Parse("overage 1000000 then unit 0.00003425"), 1_500_000m)),
            ("Thousands of tokens", "tokens", Some.Input(PriceText.Parse("unit 0.01"), 62_345m, perThousand)),
            ("Payments", "USD", payments),
            ("Take rate", "USD", Some.Input(PriceText.Parse("percentages up to 1000: flat 5 + 0.4 % | then 0.3 %"), 2_500m)),
            ("Provider cost", "USD", Some.Input(PriceText.Parse("dynamic 1 markup 20"), 12.345m)),
            ("Tokens by model", "tokens", tokens),
            ("Packages taken back", "units", Some.Input(PriceText.Parse("package 10 for 15"), "mid", new Usage(11m, 9m))),
        ];
        var text = string.Join('\n', lines.Select(line => Explanation.Of(Rater.Rate(line.Input), line.Title, line.Units)));
        Golden.Matches("every-model.txt", text);
        Assert.All(lines, line => Assert.Equal(
            Rater.Rate(line.Input).Total.Amount, Rater.Rate(line.Input).Charges.Sum(charge => charge.Exact.Round(line.Input.Rounding).Amount)));
    }

    [Fact]
    public void A_fraction_of_a_free_unit_is_told()
    {
        var terms = new RateCardTerms(usageDiscount: 0.5m);
        var text = Explanation.Of(Rater.Rate(Some.Input(new Price.PerUnit(1m), 2m, terms)), "Units", "units");
        Assert.Contains("Billed    1.5 units; the first 0.5 of the period are free\n", text, StringComparison.Ordinal);
        var converted = new RateCardTerms(conversion: UnitConversion.MultiplyBy(1.5m, UnitRounding.Nearest));
        Assert.Contains(
            "Billed    3 units; metered tokens × 1.5, rounded to the nearest\n",
            Explanation.Of(Rater.Rate(Some.Input(new Price.PerUnit(1m), 2.1m, converted)), "Tokens", "tokens"),
            StringComparison.Ordinal);
        string Words(UnitRounding rounding) => Explanation.Of(
            Rater.Rate(Some.Input(new Price.PerUnit(1m), 3m, new RateCardTerms(conversion: UnitConversion.DivideBy(2m, rounding)))), "T",
                "t").Split('\n')[3];
        Assert.Equal("Billed    1.5 units; metered t ÷ 2", Words(UnitRounding.None));
        Assert.Equal("Billed    1 units; metered t ÷ 2, rounded down", Words(UnitRounding.Down));
    }
}
