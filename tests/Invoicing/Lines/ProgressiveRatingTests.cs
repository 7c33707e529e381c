using FsCheck;
using FsCheck.Fluent;
using Metering.Ingest.Usage;
using Metering.Invoicing.Billing;
using Metering.Invoicing.Tests.Support;
using Metering.Rating;
using Xunit;

namespace Metering.Invoicing.Tests.Lines;

/// <summary>Billing a period in parts costs what billing it at once costs, to the cent and charge by charge.</summary>
public sealed class ProgressiveRatingTests
{
    private static readonly Price[] Prices =
    [
        new Price.PerUnit(0.0333m),
        new Price.Package(7m, 1_000m),
        Some.ProTokens,
        new Price.Volume([PriceTier.PerUnit(1_000m, 0.05m), PriceTier.PerUnit(null, 0.04m)]),
        new Price.Graduated([new PriceTier(500m, 3m, 0.01m), new PriceTier(null, 0m, 0.0077m)]),
    ];

    private static readonly RateCardTerms[] Terms =
    [
        RateCardTerms.None,
        new(usageDiscount: 250m),
        new(percentageDiscount: 12.5m),
        new(maximumAmount: 40m, minimumAmount: 15m),
    ];

    [Fact]
    public void The_parts_of_a_period_sum_to_the_period_billed_at_once()
    {
        var cases =
            from price in Gen.Elements(Prices)
            from terms in Gen.Elements(Terms)
            from days in Gen.Choose(1, 27).ArrayOf()
            from usage in Gen.Choose(0, 3_000).ArrayOf(28)
            select (price, terms, cuts: days.Distinct().Order().ToArray(), usage);
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(2_000), Prop.ForAll(cases.ToArbitrary(), drawn =>
        {
            var full = new ServicePeriod(Some.At("2026-02-01"), Some.At("2026-03-01"));
            int[] edges = [0, .. drawn.cuts, 28];
            var parts = edges.Zip(edges.Skip(1)).Select(cut => Rate(drawn.price, drawn.terms, full, cut.First, cut.Second, drawn.usage)).ToArray();
            var whole = Rate(drawn.price, drawn.terms, full, 0, 28, drawn.usage);

            Assert.Equal(whole.Amount.Amount, parts.Sum(part => part.Amount.Amount));
            Assert.Equal(whole.Metered!.Metered, parts.Sum(part => part.Metered!.Metered));
            Assert.Equal(whole.Metered.Billed, parts.Sum(part => part.Metered!.Billed));
            foreach (var charge in whole.Charges)
            {
                var same = parts.SelectMany(part => part.Charges).Where(one => one.Reference == charge.Reference);
                Assert.Equal(charge.Amount, same.Sum(one => one.Amount));
            }
        }));
    }

    [Fact]
    public void A_line_knows_what_was_billed_before_it()
    {
        var full = new ServicePeriod(Some.At("2026-02-01"), Some.At("2026-03-01"));
        var usage = Enumerable.Repeat(100, 28).ToArray();
        var second = Rate(new Price.PerUnit(0.01m), new RateCardTerms(usageDiscount: 250m), full, 10, 28, usage);
        Assert.Equal(
            (1_800m, 1_800m, 1_000m, 750m), (second.Metered!.Metered, second.Metered.Billed, second.Prior!.Metered, second.Prior.Billed));
        Assert.Equal(18m, second.Amount.Amount);
    }

    [Fact]
    public void A_stored_line_is_rated_again_to_the_same_charges()
    {
        foreach (var (price, terms) in Prices.SelectMany(price => Terms.Select(terms => (price, terms))))
        {
            var full = new ServicePeriod(Some.At("2026-02-01"), Some.At("2026-03-01"));
            var line = Rate(price, terms, full, 5, 28, Enumerable.Repeat(150, 28).ToArray());
            var plan = StoredLine.PlannedOf(line);
            var again = LineRating.Rate(
                new LineContext(Currency.Usd, ["initech"], true), plan, LineUsage.Of(line.Metered!.Metered, line.Prior!.Metered), new Watermark(1),
                Some.At("2026-03-01"));
            Assert.Equal(line.Charges, again.Charges);
            Assert.Equal(line.TermsJson, again.TermsJson);
            Assert.Equal(line.RatedPeriod, again.RatedPeriod);
        }
    }

    private static Invoicing.Invoices.InvoiceLine Rate(
        Price price, RateCardTerms terms, ServicePeriod full, int from, int to, int[] usage)
    {
        var subscription = Some.Subscription("2026-02-01", rateCards: Some.Metered("tokens", price, terms: terms));
        var card = subscription.Phases[0].RateCards[0];
        var billed = new ServicePeriod(full.Start + NodaTime.Duration.FromDays(from), full.Start + NodaTime.Duration.FromDays(to));
        var plan = new PlannedLine(subscription.Phases[0], card, price, new LinePeriod(full, full, billed), billed.End);
        var counted = LineUsage.Of(usage[from..to].Sum(), usage[..from].Sum());
        return LineRating.Rate(LineContext.Of(subscription), plan, counted, new Watermark(1), billed.End);
    }
}
