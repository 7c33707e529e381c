using FsCheck.Fluent;
using NodaTime;
using NodaTime.Text;

namespace Metering.Rating.Tests;

public sealed class ProrationTest
{
    private static readonly DateTimeZone Berlin = DateTimeZoneProviders.Tzdb["Europe/Berlin"];

    [Fact]
    public void A_fee_is_due_for_the_share_of_the_full_period_that_is_served()
    {
        const string table = """
            row       fee    full                    served                  policy  total
            F1        9      2024-01-01..2024-04-01  2024-01-01..2024-02-01  time    3.07
            F9-old    6      2024-01-01..2024-02-01  2024-01-01..2024-01-02  time    0.19
            F9-new    10     2024-01-01..2024-02-01  2024-01-02..2024-02-01  time    9.68
            F11       100    2026-01-01..2026-02-01  2026-01-01..2026-01-11  time    32.26
            F4        100    2026-01-01..2026-02-01  2026-01-01..2026-01-11  none    100.00
            F11-day   100    2026-01-01..2026-02-01  2026-01-01..2026-01-11  day     32.26
            whole     100    2026-01-01..2026-02-01  2026-01-01..2026-02-01  time    100.00
            Lago-F1   1      2022-03-01..2022-04-01  2022-03-15..2022-04-01  time    0.55
            Lago-F7   1      2022-01-01..2023-01-01  2022-03-15..2023-01-01  time    0.80
            Lago-F6   1      2022-01-03..2022-01-10  2022-01-06..2022-01-10  time    0.57
            Lago-F12  50000  2024-03-01..2024-04-01  2024-03-15..2024-04-01  time    27419.35
            Lago-F3   1      2024-01-01..2024-02-01  2024-01-04..2024-02-01  time    0.90
            Lago-F8   30     2022-08-31..2022-09-30  2022-09-14..2022-09-30  time    16.00
            Lago-F9   1      2022-03-01..2022-04-01  2022-03-01..2022-03-21  time    0.65
            Lago-F11  1      2022-03-07..2022-03-14  2022-03-07..2022-03-10  time    0.43
            Lago-U1   10     2024-03-01..2024-04-01  2024-03-05..2024-04-01  time    8.71
            Lago-B13  28     2023-02-01..2023-03-01  2023-02-07..2023-02-08  day     1.00
            Lago-B13  29     2024-02-01..2024-03-01  2024-02-07..2024-02-08  day     1.00
            Lago-B13  31     2024-03-10..2024-04-10  2024-03-20..2024-03-21  day     1.00
            F3        20     2024-01-01..2024-04-01  2024-01-01..2024-02-01  time    6.81
            leap      366    2024-01-01..2025-01-01  2024-02-29..2024-03-01  day     1.00
            """;
        foreach (var row in TextTable.Rows(table))
        {
            var total = Fee(row.Decimal("fee"), Policy(row["policy"]), Period(row["full"]), Period(row["served"])).Total;
            Assert.Equal((row.ToString(), row["total"]), (row.ToString(), total.ToAmountString()));
        }
    }

    [Fact]
    public void By_day_counts_the_day_of_the_start_and_not_the_day_of_the_end()
    {
        var zone = DateTimeZone.Utc;
        var full = Some.January;
        var morningToEvening = new ServicePeriod(Instant.FromUtc(2026, 1, 10, 8, 0), Instant.FromUtc(2026, 1, 10, 20, 0));
        var overNight = new ServicePeriod(Instant.FromUtc(2026, 1, 10, 20, 0), Instant.FromUtc(2026, 1, 11, 8, 0));
        Assert.Equal("0.00", Fee(31m, Proration.ByDay(zone), full, morningToEvening).Total.ToAmountString());
        Assert.Equal("1.00", Fee(31m, Proration.ByDay(zone), full, overNight).Total.ToAmountString());
        Assert.Equal("31.00", Fee(31m, Proration.ByDay(zone), morningToEvening, morningToEvening).Total.ToAmountString());
        Assert.Equal("0.00", Fee(31m, Proration.ByDay(zone), new ServicePeriod(morningToEvening.Start, overNight.End), morningToEvening).Total
            .ToAmountString());
    }

    [Fact]
    public void By_day_a_short_day_costs_as_much_as_any_other_and_by_time_it_does_not()
    {
        // Berlin moves its clocks forward on 29 March 2026: that day has 23 hours, and the month 743.
        var march = new BillingCalendar(Cadence.Monthly, new LocalDate(2026, 3, 1).AtStartOfDayInZone(Berlin).ToInstant(), Berlin);
        var full = march.PeriodContaining(march.Anchor);
        var shortDay = new ServicePeriod(
            new LocalDate(2026, 3, 29).AtStartOfDayInZone(Berlin).ToInstant(), new LocalDate(2026, 3, 30).AtStartOfDayInZone(Berlin).ToInstant());
        Assert.Equal("1.00", Fee(31m, Proration.ByDay(Berlin), full, shortDay).Total.ToAmountString());
        Assert.Equal("0.96", Fee(31m, Proration.ByTime, full, shortDay).Total.ToAmountString());
    }

    [Fact]
    public void The_share_is_told_in_the_largest_unit_without_a_rest()
    {
        const string table = """
            served         name
            1d             Fee for 1 of 31 days
            1h             Fee for 1 of 744 hours
            25h            Fee for 25 of 744 hours
            61s            Fee for 61 of 2,678,400 seconds
            40s            Fee for 40 of 2,678,400 seconds
            1500000u       Fee for 1,500,000 of 2,678,400,000,000 microseconds
            31d            Fee
            """;
        foreach (var row in TextTable.Rows(table))
        {
            var count = long.Parse(row["served"][..^1]);
            var served = row["served"][^1] switch
            {
                'd' => Duration.FromDays(count),
                'h' => Duration.FromHours(count),
                's' => Duration.FromSeconds(count),
                _ => Duration.FromNanoseconds(count * 1000),
            };
            var fee = Fee(1m, Proration.ByTime, Some.January, new ServicePeriod(Some.January.Start, Some.January.Start + served));
            Assert.Equal((row.ToString(), row["name"]), (row.ToString(), Assert.Single(fee.Charges).Name));
        }
    }

    [Fact]
    public void The_shares_of_the_parts_of_a_period_sum_to_the_fee()
    {
        var cases =
            from amount in Generated.Amount
            from cut in Gen.Choose(1, 2_678_399)
            from policy in Gen.Elements(Proration.ByTime, Proration.ByDay(Berlin))
            select (amount, Cut: Some.January.Start + Duration.FromSeconds(cut), policy);
        Law.Holds(cases, x =>
        {
            var (before, from) = Some.January.SplitAt(x.Cut);
            var parts = new[] { before, from }.SelectMany(served => Fee(x.amount, x.policy, Some.January, served).Charges).Sum(c => c.Exact.Amount);
            Assert.True(Math.Abs(parts - x.amount) < 0.000000000001m, $"{parts} is not {x.amount}");
        });
    }

    private static RatingResult Fee(decimal fee, Proration policy, ServicePeriod full, ServicePeriod served) =>
        Rater.Rate(Some.Input(new Price.Flat(fee, PaymentTerm.InAdvance), 0m) with
        {
            Proration = policy,
            Line = LinePeriod.Partly(full, served),
        });

    private static Proration Policy(string name) => name switch
    {
        "time" => Proration.ByTime,
        "day" => Proration.ByDay(DateTimeZone.Utc),
        "none" => Proration.None,
        _ => throw new ArgumentOutOfRangeException(nameof(name)),
    };

    private static ServicePeriod Period(string text)
    {
        var midnights = text.Split("..").Select(day => LocalDatePattern.Iso.Parse(day).Value.AtStartOfDayInZone(DateTimeZone.Utc).ToInstant());
        return new ServicePeriod(midnights.First(), midnights.Last());
    }
}
