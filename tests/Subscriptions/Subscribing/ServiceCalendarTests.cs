using System.Collections.Immutable;
using FsCheck;
using FsCheck.Fluent;
using Metering.Rating;
using Metering.Subscriptions.Subscribing;
using NodaTime;
using NodaTime.Text;
using Xunit;

namespace Metering.Subscriptions.Tests.Subscribing;

/// <summary>Periods of customers who move.</summary>
public sealed class ServiceCalendarTests
{
    private static readonly string[] Zones = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Tokyo", "Pacific/Kiritimati", "Pacific/Pago_Pago"];

    [Fact]
    public void The_running_period_ends_where_it_was_going_to_and_the_next_takes_the_new_zones_calendar() => Check(
        "P1M", "2026-01-01T00:00:00Z", "2026-04-10T12:00:00Z", ["UTC", "Europe/Berlin"], """
        2026-03-01T00:00:00Z
        2026-04-01T00:00:00Z
        2026-05-01T00:00:00Z
        2026-05-31T23:00:00Z
        2026-06-30T23:00:00Z
        """);

    [Fact]
    public void A_boundary_that_is_too_near_is_passed_over() => Check(
        "P1D", "2026-01-01T00:00:00Z", "2026-03-28T12:00:00Z", ["UTC", "Pacific/Kiritimati"], """
        2026-03-28T00:00:00Z
        2026-03-29T00:00:00Z
        2026-03-30T00:00:00Z
        """, from: "2026-03-28T00:00:00Z");

    [Fact]
    public void Whoever_moves_whenever_leaves_no_gap_and_no_overlap() => Prop.ForAll<int[]>(steps =>
    {
        var start = Instant.FromUtc(2026, 1, 31, 23, 30);
        var at = start;
        var changes = ImmutableArray.CreateBuilder<ZoneChange>();
        foreach (var step in steps.Take(12).Select(Spread))
        {
            at += Duration.FromHours(step % 1_500);
            changes.Add(new ZoneChange(at, DateTimeZoneProviders.Tzdb[Zones[step / 2_000 % Zones.Length]]));
        }

        foreach (var cadence in new[] { "P1M", "P1W", "P1D", "P3M", "PT6H" })
        {
            var calendar = ServiceCalendar.Of(
                Cadence.Parse(cadence), start, start, DateTimeZoneProviders.Tzdb["Europe/Berlin"], changes.ToImmutable());
            var plain = new BillingCalendar(Cadence.Parse(cadence), start, DateTimeZone.Utc).PeriodContaining(start).Duration;
            var reached = calendar.PeriodContaining(start).Start;
            foreach (var period in calendar.PeriodsFrom(start).Take(60))
            {
                Assert.Equal(reached, period.Start);
                Assert.Equal(period, calendar.PeriodContaining(period.Start));
                Assert.Equal(period, calendar.PeriodContaining(period.End - Duration.FromNanoseconds(1000)));
                Assert.InRange(period.Duration / plain, 0.4, 2.1);
                reached = period.End;
            }
        }

        return true;
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(200).WithEndSize(60));

    /// <summary>Generated numbers are small; their bits are to decide many things independently.</summary>
    private static uint Spread(int step)
    {
        var bits = unchecked((uint)step * 2_654_435_761u);
        return bits ^ (bits >> 15);
    }

    private static void Check(string cadence, string anchor, string movedAt, string[] zones, string expected, string? from = null)
    {
        var start = At(anchor);
        var calendar = ServiceCalendar.Of(
            Cadence.Parse(cadence), start, start, DateTimeZoneProviders.Tzdb[zones[1]],
            [new ZoneChange(At(movedAt), DateTimeZoneProviders.Tzdb[zones[0]])]);
        var lines = expected.ReplaceLineEndings("\n").Split('\n');
        var periods = calendar.PeriodsFrom(At(from ?? lines[0])).Take(lines.Length);
        Assert.Equal(lines, periods.Select(period => InstantPattern.ExtendedIso.Format(period.Start)));
    }

    private static Instant At(string text) => InstantPattern.ExtendedIso.Parse(text).Value;
}
