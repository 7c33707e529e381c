using Metering.Rating;
using NodaTime;

namespace Metering.Subscriptions.Entitlements;

/// <summary>
/// Where the periods of a quota begin. Months and years begin at the billing anchor, so that what is included resets when it is billed; days
/// and weeks begin at local midnight (weeks on the anchor's weekday), because that is what "per day" says; hours and minutes at the full
/// hour and minute of the zone.
/// </summary>
internal static class QuotaCalendar
{
    public static BillingCalendar Of(Cadence usagePeriod, Instant billingAnchor, DateTimeZone zone)
    {
        var local = billingAnchor.InZone(zone);
        var anchor = usagePeriod.Unit switch
        {
            CadenceUnit.Minute => billingAnchor - Duration.FromNanoseconds(local.TimeOfDay.NanosecondOfDay % NodaConstants.NanosecondsPerMinute),
            CadenceUnit.Hour => billingAnchor - Duration.FromNanoseconds(local.TimeOfDay.NanosecondOfDay % NodaConstants.NanosecondsPerHour),
            CadenceUnit.Day or CadenceUnit.Week => MidnightCalendarAnchor(local.Date, zone),
            CadenceUnit.Month or CadenceUnit.Year => billingAnchor,
        };
        return new BillingCalendar(usagePeriod, anchor, zone);
    }

    /// <summary>
    /// A zone whose clocks skip midnight on the anchor's own day would move every later boundary; the calendar then starts a day earlier.
    /// </summary>
    private static Instant MidnightCalendarAnchor(LocalDate date, DateTimeZone zone)
    {
        var midnight = date.AtMidnight();
        return zone.MapLocal(midnight).Count > 0 ? zone.MapLocal(midnight).First().ToInstant() : zone.AtLeniently(midnight.PlusDays(-1)).ToInstant();
    }
}
