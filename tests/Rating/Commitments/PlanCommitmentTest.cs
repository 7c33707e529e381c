using FsCheck;
using FsCheck.Fluent;
using NodaTime;
using NodaTime.Text;

namespace Metering.Rating.Tests;

public sealed class PlanCommitmentTest
{
    [Fact]
    public void What_is_missing_to_the_prorated_minimum_is_trued_up()
    {
        const string table = """
            row   minimum  full                    served from  charged  committed  missing
            M7    2        2024-01-01..2024-02-01  2024-01-01   0        2.00       2.00
            M10   1        2024-01-01..2024-02-01  2024-01-15   0        0.55       0.55
            M12   10000    2023-02-01..2023-03-01  2023-02-04   892.86   8928.57    8035.71
            M14   10000    2022-01-01..2023-01-01  2022-02-01   915.07   9150.68    8235.61
            M15   10000    2023-02-04..2023-03-04  2023-02-04   1000     10000.00   9000.00
            M17   10000    2023-03-01..2023-04-01  2023-03-01   110      10000.00   9890.00
            M18   10000    2023-05-01..2023-06-01  2023-05-01   100      10000.00   9900.00
            over  10       2024-01-01..2024-02-01  2024-01-01   11       10.00      0.00
            even  10       2024-01-01..2024-02-01  2024-01-01   10       10.00      0.00
            """;
        foreach (var row in TextTable.Rows(table))
        {
            var days = row["full"].Split("..");
            var full = new ServicePeriod(At(days[0]), At(days[1]));
            var line = LinePeriod.Partly(full, new ServicePeriod(At(row["served from"]), full.End));
            var trueUp = new PlanCommitment(row.Decimal("minimum")).TrueUp(
                line, Currency.Usd, Proration.ByTime, Rounding.HalfAwayFromZero, [new CountedAmount(Usd(row.Decimal("charged")), line.Served)]);
            Assert.Equal(
                (row.ToString(), row["committed"], row["missing"]),
                (row.ToString(), trueUp.Committed.ToAmountString(), trueUp.Missing.ToAmountString()));
        }
    }

    [Fact]
    public void M8_and_M9_a_fee_counts_for_the_period_it_opens_not_for_the_one_in_which_it_is_billed()
    {
        var february = new ServicePeriod(Some.January.End, Some.January.End + Duration.FromDays(28));
        CountedAmount[] fees = [new(Usd(2m), Some.January), new(Usd(3m), Some.January), new(Usd(1.50m), Some.January)];
        var commitment = new PlanCommitment(100m);
        TrueUp Of(ServicePeriod inAdvance) => commitment.TrueUp(
            LinePeriod.Whole(Some.January), Currency.Usd, Proration.None, Rounding.HalfAwayFromZero, [.. fees, new(Usd(5m), inAdvance)]);
        Assert.Equal(("93.50 USD", "6.50 USD"), (Of(february).Missing.ToString(), Of(february).Counted.ToString()));
        Assert.Equal("88.50 USD", Of(Some.January).Missing.ToString());
    }

    [Fact]
    public void Only_the_line_that_closes_the_period_is_trued_up()
    {
        TrueUp Of(string mode) => new PlanCommitment(10m).TrueUp(Some.Line(mode), Currency.Usd, Proration.ByTime, Rounding.HalfAwayFromZero, []);
        Assert.Equal(["0.00", "0.00", "10.00"], new[] { "first", "mid", "last" }.Select(mode => Of(mode).Missing.ToAmountString()));
        Assert.Equal("Minimum spend", Of("last").Name);
    }

    [Fact]
    public void The_part_of_the_period_is_named()
    {
        var line = LinePeriod.Partly(Some.January, new ServicePeriod(At("2026-01-15"), Some.January.End));
        var trueUp = new PlanCommitment(10m).TrueUp(line, Currency.Usd, Proration.ByTime, Rounding.HalfAwayFromZero, []);
        Assert.Equal("Minimum spend for 17 of 31 days", trueUp.Name);
    }

    [Fact]
    public void What_was_charged_and_what_is_missing_is_at_least_the_minimum()
    {
        var cases =
            from minimum in Generated.Amount
            from charged in Gen.ArrayOf(Gen.Choose(-1_000, 100_000), 3)
            select (minimum, charged);
        Law.Holds(cases, x =>
        {
            var amounts = x.charged.Select(cents => new CountedAmount(Usd(cents / 100m), Some.January));
            var trueUp = new PlanCommitment(x.minimum).TrueUp(
                LinePeriod.Whole(Some.January), Currency.Usd, Proration.ByTime, Rounding.HalfAwayFromZero, amounts);
            Assert.Equal(x.charged.Sum() / 100m, trueUp.Counted.Amount);
            Assert.False(trueUp.Missing.IsNegative);
            Assert.True(trueUp.Counted + trueUp.Missing >= trueUp.Committed);
            Assert.True(trueUp.Missing.IsZero || trueUp.Counted + trueUp.Missing == trueUp.Committed);
        });
    }

    [Fact]
    public void A_commitment_below_zero_is_refused()
    {
        Assert.Equal("/minimumAmount", Assert.Single(PlanCommitment.Check(-1m)).Pointer);
        Assert.Throws<InvalidPriceException>(() => new PlanCommitment(-1m));
    }

    private static Money Usd(decimal amount) => new(amount, Currency.Usd);

    private static Instant At(string date) => LocalDatePattern.Iso.Parse(date).Value.AtStartOfDayInZone(DateTimeZone.Utc).ToInstant();
}
