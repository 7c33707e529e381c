using Metering.Rating;
using Metering.Subscriptions.Entitlements;
using NodaTime;
using NodaTime.Text;
using Xunit;

namespace Metering.Subscriptions.Tests.Access;

public sealed class QuotaCalendarTests
{
    // The billing anchor of every row is 15 January 2026, 09:20:30 UTC, a Thursday.
    private const string Table = """
        period  zone                 instant                start                  end
        PT1M    UTC                  2026-01-15T09:21:10Z   2026-01-15T09:21:00Z   2026-01-15T09:22:00Z
        PT1H    UTC                  2026-01-15T11:59:59Z   2026-01-15T11:00:00Z   2026-01-15T12:00:00Z
        PT1H    Asia/Kolkata         2026-01-15T11:59:59Z   2026-01-15T11:30:00Z   2026-01-15T12:30:00Z
        P1D     UTC                  2026-01-15T09:00:00Z   2026-01-15T00:00:00Z   2026-01-16T00:00:00Z
        P1D     America/New_York     2026-01-15T04:59:59Z   2026-01-14T05:00:00Z   2026-01-15T05:00:00Z
        P1D     Europe/Berlin        2026-03-29T10:00:00Z   2026-03-28T23:00:00Z   2026-03-29T22:00:00Z
        P1D     Europe/Berlin        2026-10-25T10:00:00Z   2026-10-24T22:00:00Z   2026-10-25T23:00:00Z
        P1W     UTC                  2026-01-21T23:59:59Z   2026-01-15T00:00:00Z   2026-01-22T00:00:00Z
        P1M     UTC                  2026-02-01T00:00:00Z   2026-01-15T09:20:30Z   2026-02-15T09:20:30Z
        P1Y     UTC                  2026-02-01T00:00:00Z   2026-01-15T09:20:30Z   2027-01-15T09:20:30Z
        """;

    [Fact]
    public void Quotas_reset_at_local_midnight_at_the_full_hour_or_with_the_bill()
    {
        foreach (var row in Table.ReplaceLineEndings("\n").Split('\n').Skip(1).Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)))
        {
            var calendar = QuotaCalendar.Of(Cadence.Parse(row[0]), At("2026-01-15T09:20:30Z"), DateTimeZoneProviders.Tzdb[row[1]]);
            var period = calendar.PeriodContaining(At(row[2]));
            Assert.Equal((row[0], row[1], row[3], row[4]), (row[0], row[1], Text(period.Start), Text(period.End)));
        }
    }

    private static Instant At(string text) => InstantPattern.ExtendedIso.Parse(text).Value;

    private static string Text(Instant instant) => InstantPattern.ExtendedIso.Format(instant);
}
