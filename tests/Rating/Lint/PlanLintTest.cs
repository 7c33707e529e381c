using System.Collections.Immutable;

namespace Metering.Rating.Tests;

public sealed class PlanLintTest
{
    [Fact]
    public void Tiers_are_read_for_gaps_overlaps_ends_and_surprises()
    {
        const string table = """
            tiers                                             mode       findings
            .. 10 @2 | .. @1                                  graduated  -
            0..10 @2 | 10.. @1                                graduated  -
            0..10 @2 | 11.. @1                                graduated  TierGap /tiers/1/from
            1..10 @2 | 10.. @1                                graduated  TierGap /tiers/0/from
            0..10 @2 | 9.. @1                                 graduated  TierOverlap /tiers/1/from
            0..10 @2 | 10..20 @1                              graduated  OpenTierMissing /tiers
            0.. @2 | 10.. @1                                  graduated  TierUnreachable /tiers/1
            .. 10 @2 | .. 10 @3 | .. @1                       graduated  TierUnreachable /tiers/1
            .. 10 @2 | .. 5 @3 | .. @1                        graduated  TierUnreachable /tiers/1
            .. 15 @10 | .. @5                                 volume     PriceFallsAtBoundary /tiers/1
            .. 15 @10 | .. @5                                 graduated  -
            .. 15 @10 | .. +75 @5                             volume     -
            .. 15 @10 | .. +74.99 @5                          volume     PriceFallsAtBoundary /tiers/1
            .. 5 +100 @0 | .. 10 +150 @0 | .. 15 @10 | .. @5  volume     PriceFallsAtBoundary /tiers/2, PriceFallsAtBoundary /tiers/3
            .. 10 @1                                          volume     OpenTierMissing /tiers
            """;
        foreach (var row in TextTable.Rows(table))
        {
            var card = new RateCardDraft { Tiered = new TieredDraft(row["mode"] == "volume", Tiers(row["tiers"])) };
            Assert.Equal((row.ToString(), row["findings"]), (row.ToString(), Text(card)));
        }
    }

    [Fact]
    public void A_price_that_exists_can_still_surprise()
    {
        var falling = PriceText.Parse("volume up to 15: 10 each | then 5 each");
        var finding = Assert.Single(PlanLint.Check(Plan(new RateCardDraft { Price = falling })));
        Assert.Equal(
            (PlanFindingCode.PriceFallsAtBoundary, FindingSeverity.Warning, "/rateCards/0/price/tiers/1"),
            (finding.Code, finding.Severity, finding.Pointer));
        Assert.Equal("15 units cost 150, and the first above them make it 75.", finding.Message);
        Assert.Equal("PriceFallsAtBoundary /beyond/tiers/1", Text(new RateCardDraft { Price = new Price.Overage(5m, falling) }));
        var matrix = new Price.Dimensional(["a"], [new PriceCell(["x"], falling)], falling, Pooling.EachGroup);
        Assert.Equal("PriceFallsAtBoundary /cells/0/price/tiers/1, PriceFallsAtBoundary /default/tiers/1",
            Text(new RateCardDraft { Price = matrix }));
    }

    [Fact]
    public void Values_that_occur_need_a_price()
    {
        var matrix = new Price.Dimensional(["model"], [new PriceCell(["a"], new Price.PerUnit(1m))], null, Pooling.EachGroup);
        var findings = PlanLint.Check(Plan(new RateCardDraft { Price = matrix, KnownValues = [["a"], ["b"]] }));
        Assert.Equal((PlanFindingCode.UnpricedDimensionValue, FindingSeverity.Error), (Assert.Single(findings).Code, findings[0].Severity));
        Assert.Equal("There is no price for model b, and no default.", findings[0].Message);
    }

    [Fact]
    public void A_rate_card_fits_its_plan()
    {
        var eur = new RateCardDraft { Currency = Currency.Eur };
        Assert.Equal("CurrencyMismatch /rateCards/0/currency", All(PlanLint.Check(Plan(eur))));
        Assert.Equal("", All(PlanLint.Check(Plan(new RateCardDraft { Currency = Currency.Usd }))));
        var bounds = new RateCardDraft { MinimumAmount = 2m, MaximumAmount = 1m };
        Assert.Equal("MinimumAboveMaximum /rateCards/1/minimumAmount", All(PlanLint.Check(Plan(new RateCardDraft(), bounds))));
        Assert.Equal("", All(PlanLint.Check(Plan(bounds with { MaximumAmount = 2m }))));
        string Cadences(string card) => All(PlanLint.Check(Plan(new RateCardDraft { Cadence = Cadence.Parse(card) })));
        Assert.Equal("CadenceNotDividing /rateCards/0/billingCadence", Cadences("P1W"));
        Assert.Equal("", Cadences("P1D") + Cadences("P1M") + Cadences("P1Y") + Cadences("P3M"));
    }

    [Fact]
    public void A_loss_is_a_warning_at_the_tier_in_which_it_begins()
    {
        const string table = """
            price                                                                 cost  off  findings
            unit 2                                                                2     0    -
            unit 2                                                                2.1   0    NegativeMargin /amount
            unit 2                                                                2     1    NegativeMargin /amount
            package 10 for 20                                                     2     0    -
            package 10 for 20                                                     2.1   0    NegativeMargin /amount
            graduated up to 10: 3 each | then 2 each                              2     0    -
            graduated up to 10: 3 each | then 1 each                              2     0    NegativeMargin /tiers/1/unitAmount
            graduated up to 10: 0 each | then 9 each                              2     0    NegativeMargin /tiers/0/unitAmount
            graduated up to 10: flat 20 | then 2 each                             2     0    -
            graduated up to 10: flat 19 | then 2 each                             2     0    NegativeMargin /tiers/0/unitAmount
            graduated up to 10: 3 each | up to 20: 1 each | then 5 each           2     0    -
            graduated up to 10: 3 each | up to 21: 1 each | then 5 each           2     0    NegativeMargin /tiers/1/unitAmount
            volume up to 10: 3 each | then 2 each                                 2     0    -
            volume up to 10: 3 each | up to 20: flat 19.9 + 5 each | then 2 each  2     0    -
            volume up to 10: 3 each | up to 20: flat 19.9 | then 2 each           2     0    NegativeMargin /tiers/1/unitAmount
            volume up to 10: 3 each | up to 20: flat 30 + 0.4 each | then 2 each  2     0    NegativeMargin /tiers/1/unitAmount
            graduated up to 10: 3 each | then 2 each                              2     1    NegativeMargin /tiers/1/unitAmount
            graduated up to 10: flat 19.9 + 0.01 each | then 9 each               2     1    NegativeMargin /tiers/0/unitAmount
            volume up to 10: 3 each | then flat 0 + 2.1 each                      2.05  2    -
            volume up to 10: 3 each | then flat 0 + 2.1 each                      2.05  3    NegativeMargin /tiers/1/unitAmount
            volume up to 10: 3 each | then 1.9 each                               1.9   0    -
            volume up to 10: 4 each | up to 1000: flat 1 + 2 each | then 2 each   2     5    NegativeMargin /tiers/1/unitAmount
            graduated up to 1: flat 5 | up to 2: flat 0.5 | then 9 each           2     50   NegativeMargin /tiers/1/unitAmount
            volume up to 10: 9 each | up to 20: flat 25 + 1.9 each | then 9 each  2.1   1    -
            overage 5 then unit 1                                                 2     0    NegativeMargin /beyond/amount
            dynamic 1                                                             -     0    -
            dynamic 0.9 markup 10                                                 -     0    -
            dynamic 0.9 markup 9                                                  -     0    NegativeMargin /multiplier
            dynamic 1                                                             -     1    NegativeMargin /multiplier
            unit 2                                                                -     50   -
            """;
        foreach (var row in TextTable.Rows(table))
        {
            var card = new RateCardDraft
            {
                Price = PriceText.Parse(row["price"]),
                UnitCost = row.OptionalDecimal("cost"),
                PercentageDiscount = row.Decimal("off"),
            };
            var text = string.Join(", ", PlanLint.Check(Plan(card))
                .Where(finding => finding.Code == PlanFindingCode.NegativeMargin)
                .Select(finding => $"{finding.Code} {finding.Pointer["/rateCards/0/price".Length..]}"));
            Assert.Equal((row.ToString(), row["findings"]), (row.ToString(), text == "" ? "-" : text));
        }

        var discounted = new RateCardDraft { Price = PriceText.Parse("graduated up to 10: 1.99 each | then 9 each"), UnitCost = 1m,
            PercentageDiscount = 50m };
        Assert.Equal(
            "The customer pays 0.995 for a unit that costs 1; from some quantity on that is a loss.",
                Assert.Single(PlanLint.Check(Plan(discounted))).Message);
        var unit = new RateCardDraft { Price = PriceText.Parse("unit 1"), UnitCost = 1m, PercentageDiscount = 50m };
        Assert.Equal(
            "The customer pays 0.5 for a unit that costs 1; from some quantity on that is a loss.",
                Assert.Single(PlanLint.Check(Plan(unit))).Message);
        var package = new RateCardDraft { Price = PriceText.Parse("package 10 for 10"), UnitCost = 1m, PercentageDiscount = 50m };
        Assert.Equal(
            "The customer pays 0.5 for a unit that costs 1; from some quantity on that is a loss.",
                Assert.Single(PlanLint.Check(Plan(package))).Message);
        var draft = new RateCardDraft { Tiered = new TieredDraft(false, [new TierDraft(null, null, 0m, 1m)]), UnitCost = 2m };
        Assert.Equal("NegativeMargin /tiers/0/unitAmount", Text(draft));
        Assert.Equal("-", Text(draft with { UnitCost = null }));
        var matrix = new Price.Dimensional(["a"], [new PriceCell(["x"], new Price.PerUnit(1m))], new Price.PerUnit(1m), Pooling.EachGroup);
        Assert.Equal(
            "NegativeMargin /cells/0/price/amount, NegativeMargin /default/amount", Text(new RateCardDraft { Price = matrix, UnitCost = 2m }));
    }

    [Fact]
    public void Cadences_divide_each_other_where_every_boundary_coincides()
    {
        const string table = """
            one    other  divides
            P1M    P1M    True
            P1M    P1Y    True
            P3M    P1Y    True
            P5M    P1Y    False
            P1Y    P1M    False
            P1D    P1M    True
            P2D    P1M    False
            P1D    P1W    True
            P7D    P1W    True
            P1W    P14D   True
            P1W    P1M    False
            PT30M  PT1H   True
            PT1H   PT90M  False
            PT1H   P1D    False
            PT2H   PT60M  False
            PT2H   PT6H   True
            P2W    P9D    False
            P2W    P28D   True
            P2Y    P6M    False
            P2Y    P48M   True
            P1M    P1D    False
            """;
        foreach (var row in TextTable.Rows(table))
        {
            Assert.Equal((row.ToString(), row["divides"]), (row.ToString(), Cadence.Parse(row["one"])
                .Divides(Cadence.Parse(row["other"])).ToString()));
        }
    }

    private static PlanDraft Plan(params RateCardDraft[] cards) => new(Currency.Usd, Cadence.Monthly, [.. cards]);

    private static string Text(RateCardDraft card)
    {
        var findings = PlanLint.Check(Plan(card));
        Assert.All(findings, finding => Assert.EndsWith(".", finding.Message, StringComparison.Ordinal));
        return findings.IsEmpty ? "-" : string.Join(", ", findings.Select(f => $"{f.Code} {f.Pointer["/rateCards/0/price".Length..]}"));
    }

    private static string All(IEnumerable<PlanFinding> findings) => string.Join(", ", findings.Select(finding =>
        $"{finding.Code} {finding.Pointer}"));

    /// <summary><c>0..10 +flat @unit</c>; nothing before the dots: follows the tier before; nothing after: open.</summary>
    private static ImmutableArray<TierDraft> Tiers(string text) => [.. text.Replace(".. ", "..", StringComparison.Ordinal).Split(" | ").Select(tier =>
    {
        var words = tier.Replace("..@", ".. @", StringComparison.Ordinal).Replace("..+", ".. +", StringComparison.Ordinal).Split(' ');
        var bounds = words[0].Split("..");
        decimal? Bound(string bound) => bound == "" ? null : decimal.Parse(bound);
        decimal Figure(char sign) => words.FirstOrDefault(word => word[0] == sign) is { } word ? decimal.Parse(word[1..]) : 0m;
        return new TierDraft(Bound(bounds[0]), Bound(bounds[1]), Figure('+'), Figure('@'));
    })];
}
