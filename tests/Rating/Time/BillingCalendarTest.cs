using FsCheck.Fluent;
using NodaTime;
using NodaTime.Text;

namespace Metering.Rating.Tests;

public sealed class BillingCalendarTest
{
    private static readonly LocalDateTimePattern AnchorPattern = LocalDateTimePattern.CreateWithInvariantCulture("uuuu-MM-dd'T'HH:mm");

    [Fact]
    public void The_period_that_contains_an_instant_is_computed_from_the_anchor()
    {
        const string table = """
            cadence  anchor             zone              instant                    start                      end
            P1M      2021-01-31T15:00   UTC               2021-08-13T00:00:00Z       2021-07-31T15:00:00Z       2021-08-31T15:00:00Z
            P1M      2022-01-31T00:00   UTC               2022-02-27T23:59:59Z       2022-01-31T00:00:00Z       2022-02-28T00:00:00Z
            P1M      2022-01-31T00:00   UTC               2022-02-28T00:00:00Z       2022-02-28T00:00:00Z       2022-03-31T00:00:00Z
            P1M      2024-01-31T00:00   UTC               2024-03-01T00:00:00Z       2024-02-29T00:00:00Z       2024-03-31T00:00:00Z
            P1M      2021-03-31T00:00   UTC               2021-04-30T00:00:00Z       2021-04-30T00:00:00Z       2021-05-31T00:00:00Z
            P1M      2019-04-30T00:00   UTC               2020-03-29T12:00:00Z       2020-02-29T00:00:00Z       2020-03-30T00:00:00Z
            P3M      2021-01-31T00:00   UTC               2021-04-30T00:00:00Z       2021-04-30T00:00:00Z       2021-07-31T00:00:00Z
            P1Y      2020-02-29T00:00   UTC               2025-02-27T00:00:00Z       2024-02-29T00:00:00Z       2025-02-28T00:00:00Z
            P1Y      2020-02-29T00:00   UTC               2028-02-29T00:00:00Z       2028-02-29T00:00:00Z       2029-02-28T00:00:00Z
            P1M      2026-05-31T00:00   UTC               2026-02-10T00:00:00Z       2026-01-31T00:00:00Z       2026-02-28T00:00:00Z
            P1D      2026-01-01T00:00   Europe/Berlin     2026-03-29T10:00:00Z       2026-03-28T23:00:00Z       2026-03-29T22:00:00Z
            P1D      2026-01-01T00:00   Europe/Berlin     2026-10-25T10:00:00Z       2026-10-24T22:00:00Z       2026-10-25T23:00:00Z
            P1D      2026-01-01T02:30   Europe/Berlin     2026-03-29T01:29:59Z       2026-03-28T01:30:00Z       2026-03-29T01:30:00Z
            P1D      2026-01-01T02:30   Europe/Berlin     2026-10-25T00:30:00Z       2026-10-25T00:30:00Z       2026-10-26T01:30:00Z
            P1M      2026-01-01T00:00   America/New_York  2026-03-01T04:59:59Z       2026-02-01T05:00:00Z       2026-03-01T05:00:00Z
            P1M      2026-01-01T00:00   America/New_York  2026-03-20T00:00:00Z       2026-03-01T05:00:00Z       2026-04-01T04:00:00Z
            P1M      2026-01-01T00:00   Asia/Kolkata      2026-01-31T18:30:00Z       2026-01-31T18:30:00Z       2026-02-28T18:30:00Z
            P1W      2026-01-05T00:00   Europe/London     2026-03-30T00:00:00Z       2026-03-29T23:00:00Z       2026-04-05T23:00:00Z
            PT1H     2026-03-29T00:30   Europe/Berlin     2026-03-29T01:45:00Z       2026-03-29T01:30:00Z       2026-03-29T02:30:00Z
            PT15M    2026-01-01T00:00   UTC               2025-12-31T23:59:59Z       2025-12-31T23:45:00Z       2026-01-01T00:00:00Z
            P1D      2011-12-01T00:00   Pacific/Apia      2011-12-30T09:59:59Z       2011-12-29T10:00:00Z       2011-12-30T10:00:00Z
            P1D      2011-12-01T00:00   Pacific/Apia      2011-12-30T10:00:00Z       2011-12-30T10:00:00Z       2011-12-31T10:00:00Z
            """;
        foreach (var row in TextTable.Rows(table))
        {
            var zone = DateTimeZoneProviders.Tzdb[row["zone"]];
            var anchor = AnchorPattern.Parse(row["anchor"]).Value.InZoneStrictly(zone).ToInstant();
            var calendar = new BillingCalendar(Cadence.Parse(row["cadence"]), anchor, zone);
            var instant = InstantPattern.General.Parse(row["instant"]).Value;
            Assert.Equal((row.ToString(), $"{row["start"]}/{row["end"]}"), (row.ToString(), calendar.PeriodContaining(instant).ToString()));
        }
    }

    [Fact]
    public void A_short_month_does_not_move_the_boundaries_after_it()
    {
        var calendar = new BillingCalendar(Cadence.Monthly, Instant.FromUtc(2026, 1, 31, 9, 0), DateTimeZone.Utc);
        var boundaries = Enumerable.Range(-2, 7).Select(number => InstantPattern.General.Format(calendar.Boundary(number))[..10]);
        Assert.Equal("2025-11-30 2025-12-31 2026-01-31 2026-02-28 2026-03-31 2026-04-30 2026-05-31", string.Join(' ', boundaries));
        Assert.Equal("P1M from 2026-01-31T09:00:00Z in UTC", calendar.ToString());
    }

    [Fact]
    public void An_anchor_in_the_second_of_two_equal_hours_stays_where_it_is()
    {
        // 02:30 occurs twice in Berlin on 25 October 2026, at 00:30 and at 01:30 UTC.
        var anchor = Instant.FromUtc(2026, 10, 25, 1, 30);
        var calendar = new BillingCalendar(Cadence.Daily, anchor, DateTimeZoneProviders.Tzdb["Europe/Berlin"]);
        Assert.Equal(anchor, calendar.PeriodContaining(anchor).Start);
        Assert.Equal(Instant.FromUtc(2026, 10, 24, 0, 30), calendar.PeriodContaining(anchor - Duration.FromNanoseconds(1000)).Start);
    }

    [Fact]
    public void An_hour_that_is_repeated_across_midnight_belongs_to_the_day_that_had_begun()
    {
        // On 29 October 2006 at 00:01 the clocks of St. John's went back to 23:01: the evening of the 28th came again after the 29th had begun.
        var zone = DateTimeZoneProviders.Tzdb["America/St_Johns"];
        var calendar = new BillingCalendar(Cadence.Daily, new LocalDate(2006, 10, 1).AtStartOfDayInZone(zone).ToInstant(), zone);
        var midnight = Instant.FromUtc(2006, 10, 29, 2, 30);
        var secondEvening = midnight + Duration.FromMinutes(30);
        Assert.Equal(new LocalDate(2006, 10, 28), secondEvening.InZone(zone).Date);
        Assert.Equal(midnight, calendar.PeriodContaining(secondEvening).Start);
        Assert.Equal(midnight, calendar.PeriodContaining(midnight).Start);
        Assert.Equal(midnight, calendar.PeriodContaining(midnight - Duration.FromNanoseconds(1000)).End);
    }

    [Fact]
    public void A_day_that_a_zone_skipped_is_not_a_period()
    {
        var apia = DateTimeZoneProviders.Tzdb["Pacific/Apia"];
        var calendar = new BillingCalendar(Cadence.Daily, new LocalDate(2011, 12, 28).AtStartOfDayInZone(apia).ToInstant(), apia);
        var days = calendar.PeriodsFrom(calendar.Anchor).Take(4).ToList();
        Assert.Equal(calendar.Boundary(2), calendar.Boundary(3));
        Assert.Equal(["28", "29", "31", "01"], days.Select(day => day.Start.InZone(apia).ToString("dd", null)));
        Assert.Equal(days[1], calendar.PeriodBefore(days[2]));
    }

    [Fact]
    public void Periods_overlapping_a_range_include_the_ones_that_reach_beyond_it()
    {
        var calendar = new BillingCalendar(Cadence.Daily, Instant.FromUtc(2026, 1, 1, 0, 0), DateTimeZone.Utc);
        var range = new ServicePeriod(Instant.FromUtc(2026, 1, 4, 12, 0), Instant.FromUtc(2026, 1, 7, 0, 0));
        Assert.Equal(
            ["2026-01-04T00:00:00Z/2026-01-05T00:00:00Z", "2026-01-05T00:00:00Z/2026-01-06T00:00:00Z", "2026-01-06T00:00:00Z/2026-01-07T00:00:00Z"],
            calendar.PeriodsOverlapping(range).Select(period => period.ToString()));
    }

    [Fact]
    public void Periods_leave_no_gap_and_no_overlap_in_any_zone_from_any_anchor()
    {
        var zones = DateTimeZoneProviders.Tzdb.Ids.Select(id => DateTimeZoneProviders.Tzdb[id]).ToArray();
        var cases =
            from zone in Gen.Elements(zones)
            from anchor in Generated.AnyInstant
            from instant in Generated.AnyInstant
            from unit in Gen.Elements(Enum.GetValues<CadenceUnit>())
            from count in Gen.Choose(1, 14)
            select (Calendar: new BillingCalendar(new Cadence(count, unit), anchor, zone), instant);
        Law.Holds(cases, x =>
        {
            var period = x.Calendar.PeriodContaining(x.instant);
            Assert.True(period.Contains(x.instant));
            Assert.Equal(period, x.Calendar.PeriodContaining(period.Start));
            Assert.Equal(period, x.Calendar.PeriodContaining(period.End - Duration.FromNanoseconds(1000)));
            Assert.Equal(period.End, x.Calendar.PeriodAfter(period).Start);
            Assert.Equal(period.Start, x.Calendar.PeriodBefore(period).End);
        });
    }
}
