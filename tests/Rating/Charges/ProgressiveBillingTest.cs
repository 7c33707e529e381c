using FsCheck;
using FsCheck.Fluent;

namespace Metering.Rating.Tests;

public sealed class ProgressiveBillingTest
{
    [Fact]
    public void A_thousand_lines_of_a_fifth_of_a_cent_bill_two_dollars()
    {
        var price = new Price.PerUnit(0.002m);
        var billed = Money.Zero(Currency.Usd);
        for (var i = 0; i < 1000; i++)
        {
            billed += Rater.Rate(Some.Input(price, i == 0 ? "first" : "mid", new Usage(i, i + 1))).Total;
        }

        Assert.Equal("2.00 USD", billed.ToString());
    }

    [Fact]
    public void A_line_that_rounds_with_the_period_says_how()
    {
        var charge = Assert.Single(Rater.Rate(Some.Input(new Price.PerUnit(0.004m), "mid", new Usage(1m, 2m))).Charges);
        Assert.Equal("0.004 USD", charge.Exact.ToString());
        Assert.Equal("0.008 USD", charge.PeriodExact.ToString());
        Assert.Equal("0.00 USD", charge.BilledBefore.ToString());
        Assert.Equal("0.01 USD", charge.Amount.ToString());
    }

    [Fact]
    public void Usage_that_was_corrected_downwards_is_taken_back_at_the_price_it_was_billed()
    {
        const string table = """
            price                                                   prior  cumulative  total   charges
            unit 10                                                 8      5           -30.00  unit -3 x 10
            unit 10                                                 5      0           -50.00  unit -5 x 10
            package 10 for 15                                       11     9           -15.00  package -1 x 15
            graduated up to 5: 2 each | then flat 7 + 1 each        8      4           -12.00  1-unit -1 x 2, 2-unit -3 x 1, 2-flat -1 x 7
            """;
        foreach (var row in TextTable.Rows(table))
        {
            var usage = new Usage(row.Decimal("prior"), row.Decimal("cumulative"));
            var result = Rater.Rate(Some.Input(PriceText.Parse(row["price"]), "mid", usage));
            var charges = string.Join(", ", result.Charges.Select(c => $"{Short(c.ChildReference)} {c.Quantity} x {c.UnitPrice}"));
            Assert.Equal((row.ToString(), row["total"], row["charges"]), (row.ToString(), result.Total.ToAmountString(), charges));
        }
    }

    [Fact]
    public void A_maximum_that_a_correction_no_longer_reaches_is_given_back()
    {
        var terms = new RateCardTerms(maximumAmount: 100m);
        var result = Rater.Rate(Some.Input(new Price.PerUnit(10m), "mid", new Usage(12m, 8m), terms));
        Assert.Equal("-40.00 20.00", string.Join(' ', result.Charges.Select(charge => charge.Amount.ToAmountString())));
        Assert.Equal((1m, 20m), (result.Charges[1].Quantity, result.Charges[1].UnitPrice));
        Assert.Equal("-20.00 USD", result.Total.ToString());
    }

    [Fact]
    public void A_line_that_opens_its_period_cannot_have_prior_usage() =>
        Assert.Throws<ArgumentException>(() => Rater.Rate(Some.Input(new Price.PerUnit(1m), "single", new Usage(1m, 2m))));

    [Fact]
    public void A_period_billed_in_three_lines_sums_to_the_period_billed_at_once()
    {
        var cases =
            from whole in Generated.Input
            from cuts in Gen.ArrayOf(Generated.Quantity, 2)
            select (whole, First: Math.Min(cuts[0], whole.Usage.Cumulative), Second: Math.Min(cuts[1], whole.Usage.Cumulative));
        Law.Holds(cases, x =>
        {
            var once = Rater.Rate(x.whole);
            RatingResult[] parts =
            [
                Rater.Rate(x.whole with { Line = Some.Line("first"), Usage = new Usage(0m, x.First) }),
                Rater.Rate(x.whole with { Line = Some.Line("mid"), Usage = new Usage(x.First, x.Second) }),
                Rater.Rate(x.whole with { Line = Some.Line("last"), Usage = new Usage(x.Second, x.whole.Usage.Cumulative) }),
            ];

            Assert.All(parts, part => Assert.Equal(part.Total, Rater.Total(part.Input)));
            Assert.All(parts.SelectMany(part => part.Charges), c => Assert.Equal(c.Quantity * c.UnitPrice, c.Exact.Amount));
            Assert.All(
                parts.SelectMany(part => part.Charges),
                c => Assert.Equal(c.PeriodExact.Round(x.whole.Rounding) - c.BilledBefore, c.Amount));
            Assert.Equal(once.Total, parts.Aggregate(Money.Zero(x.whole.Currency), (sum, part) => sum + part.Total));
            foreach (var reference in parts.SelectMany(part => part.Charges).Concat(once.Charges).Select(c => c.ChildReference).Distinct())
            {
                var all = parts.SelectMany(part => part.Charges).Where(c => c.ChildReference == reference).ToList();
                var whole = once.Charges.SingleOrDefault(c => c.ChildReference == reference);
                Assert.Equal(whole?.Amount.Amount ?? 0m, all.Sum(c => c.Amount.Amount));
                Assert.Equal(whole?.Exact.Amount ?? 0m, all.Sum(c => c.Exact.Amount));
            }
        });
    }

    private static string Short(string childReference) => childReference.Replace("graduated-tier-", "", StringComparison.Ordinal);
}
