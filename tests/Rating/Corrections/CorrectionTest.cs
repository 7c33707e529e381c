using FsCheck;
using FsCheck.Fluent;
using NodaTime;

namespace Metering.Rating.Tests;

public sealed class CorrectionTest
{
    [Fact]
    public void G_delta_books_the_difference_of_the_closed_period()
    {
        const string table = """
            row  price                                    billed  known  charges        total
            G1a  unit 10                                  5       8      30.00          30.00
            G1b  unit 10                                  5       5      -              0.00
            G2a  unit 10                                  8       5      -30.00         -30.00
            G2b  unit 10                                  5       0      -50.00         -50.00
            G4a  unit 0.001                               0       1      -              0.00
            G4b  unit 0.001                               1       2      -              0.00
            G4c  unit 0.001                               4       5      0.01           0.01
            G7   volume up to 5: flat 100 | then 10 each  5       6      60.00 -100.00  -40.00
            """;
        foreach (var row in TextTable.Rows(table))
        {
            var billed = Some.Input(PriceText.Parse(row["price"]), row.Decimal("billed"));
            var correction = Correction.Delta(billed, Usage.Of(row.Decimal("known")));
            var charges = correction.Charges.IsEmpty ? "-" : string.Join(' ', correction.Charges.Select(c => c.Amount.ToAmountString()));
            Assert.Equal((row.ToString(), row["charges"], row["total"]), (row.ToString(), charges, correction.Total.ToAmountString()));
        }
    }

    [Fact]
    public void G8_period_preserving_corrects_each_line_in_its_own_time()
    {
        var price = new Price.PerUnit(10m);
        var first = Some.Input(price, "first", new Usage(0m, 5m));
        var corrections = Correction.PeriodPreserving([(first, first with { Usage = new Usage(0m, 7m) })]);
        Assert.Equal("20.00", Assert.Single(corrections).Total.ToAmountString());
        Assert.Equal(first.Line, corrections[0].Input.Line);
        Assert.Equal("30.00", Rater.Rate(Some.Input(price, "mid", new Usage(7m, 10m))).Total.ToAmountString());
    }

    [Fact]
    public void A_correction_says_what_was_billed_and_what_is_taken_back()
    {
        var billed = Some.Input(PriceText.Parse("graduated up to 5: 2 each | then flat 7 + 1 each"), 8m);
        var correction = Correction.Delta(billed, Usage.Of(4m));
        Assert.Equal(
            ["-1 -2.00 8.00 10.00", "-3 -3.00 0.00 3.00", "-1 -7.00 0.00 7.00"],
            correction.Charges.Select(c =>
                $"{c.Quantity} {c.Amount.ToAmountString()} {c.PeriodExact.ToAmountString()} {c.BilledBefore.ToAmountString()}"));
    }

    [Fact]
    public void A_line_that_should_have_changed_nothing_is_corrected_with_the_account_of_its_period()
    {
        var billed = Some.Input(new Price.PerUnit(10m), "mid", new Usage(5m, 8m));
        var charge = Assert.Single(Correction.Of(billed, billed with { Usage = new Usage(5m, 5m) }).Charges);
        Assert.Equal(
            ("-30.00", "50.00", "80.00", -3m),
            (charge.Amount.ToAmountString(), charge.PeriodExact.ToAmountString(), charge.BilledBefore.ToAmountString(), charge.Quantity));
    }

    [Fact]
    public void The_currency_of_a_line_cannot_be_corrected()
    {
        var dollars = Some.Input(new Price.PerUnit(1m), 1m);
        Assert.Throws<ArgumentException>(() => Correction.Of(dollars, dollars with { Currency = Currency.Eur }));
    }

    [Fact]
    public void Both_engines_end_at_what_the_period_is_worth_and_keep_the_equation_of_every_charge()
    {
        var cases =
            from whole in Generated.Input
            from billed in Gen.ArrayOf(Generated.Quantity, 3)
            from known in Gen.ArrayOf(Generated.Quantity, 3)
            select (whole, Billed: billed.Order().ToArray(), Known: known.Order().ToArray());
        Law.Holds(cases, x =>
        {
            var asBilled = Lines(x.whole, x.Billed);
            var asKnown = Lines(x.whole, x.Known);
            var wasBilled = asBilled.Sum(line => Rater.Rate(line).Total.Amount);
            var isWorth = Rater.Rate(x.whole with { Usage = Usage.Of(x.Known[2]) }).Total.Amount;
            var delta = Correction.Delta(x.whole with { Usage = Usage.Of(x.Billed[2]) }, Usage.Of(x.Known[2]));
            var preserving = Correction.PeriodPreserving([.. asBilled.Zip(asKnown)]);
            Assert.Equal(isWorth, wasBilled + delta.Total.Amount);
            Assert.Equal(isWorth, wasBilled + preserving.Sum(line => line.Total.Amount));
            Assert.All(
                delta.Charges.Concat(preserving.SelectMany(line => line.Charges)),
                c =>
                {
                    Assert.False(c.Amount.IsZero);
                    Assert.Equal(c.PeriodExact.Round(x.whole.Rounding) - c.BilledBefore, c.Amount);
                    Assert.Equal(c.Quantity * c.UnitPrice, c.Exact.Amount);
                });
        });
    }

    [Fact]
    public void A_fee_paid_in_advance_and_not_used_is_given_back_by_the_policy_that_prorated_it()
    {
        const string table = """
            row   fee    full                    served from  until       policy  given back
            U3    15     2024-03-01..2024-04-01  2024-03-01   2024-03-12  day     -9.68
            U4    10     2024-03-05..2024-04-05  2024-03-05   2024-03-06  day     -9.68
            U15   50     2022-02-08..2022-03-08  2022-02-08   2022-02-09  day     -48.21
            U10   200    2024-03-12..2024-04-11  2024-03-12   2024-03-13  day     -193.33
            U11   160    2024-03-12..2024-04-11  2024-03-12   2024-03-13  day     -154.67
            U12   29.99  2024-03-11..2024-03-18  2024-03-11   2024-03-12  day     -25.71
            U13   50     2024-02-01..2024-02-29  2024-02-08   2024-02-09  day     -35.71
            F13   20     2024-03-01..2024-03-31  2024-03-01   2024-03-16  time    -10.00
            late  20     2024-03-01..2024-03-31  2024-03-01   2024-03-31  time    0.00
            over  20     2024-03-01..2024-03-31  2024-03-01   2024-05-31  time    0.00
            none  20     2024-03-01..2024-03-31  2024-03-01   2024-03-16  none    0.00
            """;
        foreach (var row in TextTable.Rows(table))
        {
            var days = row["full"].Split("..");
            var full = new ServicePeriod(At(days[0]), At(days[1]));
            var input = Some.Input(new Price.Flat(row.Decimal("fee"), PaymentTerm.InAdvance), 0m) with
            {
                Line = LinePeriod.Partly(full, new ServicePeriod(At(row["served from"]), full.End)),
                Proration = row["policy"] switch { "day" => Proration.ByDay(DateTimeZone.Utc), "time" => Proration.ByTime, _ => Proration.None },
            };
            var back = Correction.UnusedInAdvance(input, At(row["until"]));
            Assert.Equal((row.ToString(), row["given back"]), (row.ToString(), back.Total.ToAmountString()));
        }
    }

    [Fact]
    public void Only_a_fee_in_advance_can_be_unused()
    {
        var line = LinePeriod.Whole(Some.January);
        Assert.Throws<ArgumentException>(() =>
            Correction.UnusedInAdvance(Some.Input(new Price.Flat(1m, PaymentTerm.InArrears), 0m) with { Line = line }, At("2026-01-02")));
        Assert.Throws<ArgumentException>(() => Correction.UnusedInAdvance(Some.Input(new Price.PerUnit(1m), 0m), At("2026-01-02")));
        Assert.Throws<ArgumentException>(() =>
            Correction.UnusedInAdvance(Some.Input(new Price.Flat(1m, PaymentTerm.InAdvance), 0m), At("2026-01-01")));
    }

    [Fact]
    public void What_is_paid_and_given_back_is_the_fee_of_the_time_that_was_served()
    {
        var cases =
            from amount in Generated.Amount
            from cut in Gen.Choose(1, 2_678_399)
            from policy in Gen.Elements(Proration.ByTime, Proration.ByDay(DateTimeZone.Utc), Proration.None)
            select (amount, Until: Some.January.Start + Duration.FromSeconds(cut), policy);
        Law.Holds(cases, x =>
        {
            var paid = Some.Input(new Price.Flat(x.amount, PaymentTerm.InAdvance), 0m) with { Proration = x.policy };
            var served = paid with { Line = LinePeriod.Partly(Some.January, new ServicePeriod(Some.January.Start, x.Until)) };
            Assert.Equal(Rater.Rate(served).Total, Rater.Rate(paid).Total + Correction.UnusedInAdvance(paid, x.Until).Total);
        });
    }

    private static RatingInput[] Lines(RatingInput whole, decimal[] upTo) =>
    [
        whole with { Line = Some.Line("first"), Usage = new Usage(0m, upTo[0]) },
        whole with { Line = Some.Line("mid"), Usage = new Usage(upTo[0], upTo[1]) },
        whole with { Line = Some.Line("last"), Usage = new Usage(upTo[1], upTo[2]) },
    ];

    private static Instant At(string date) => NodaTime.Text.LocalDatePattern.Iso.Parse(date).Value.AtStartOfDayInZone(DateTimeZone.Utc).ToInstant();
}
