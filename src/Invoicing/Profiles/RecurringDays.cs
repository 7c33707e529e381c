using Metering.Rating;
using NodaTime;

namespace Metering.Invoicing.Profiles;

/// <summary>Days that recur, counted from an anchor in UTC.</summary>
/// <param name="Interval"><c>DAY</c>, <c>WEEK</c>, <c>MONTH</c>, <c>YEAR</c>, or ISO 8601 in one unit.</param>
public sealed record RecurringDays(string Interval, Instant Anchor)
{
    /// <summary>Null when the interval is neither a word nor a duration of one unit.</summary>
    public static Cadence? CadenceOf(string interval) => interval switch
    {
        "DAY" => Cadence.Parse("P1D"),
        "WEEK" => Cadence.Parse("P1W"),
        "MONTH" => Cadence.Parse("P1M"),
        "YEAR" => Cadence.Parse("P1Y"),
        _ => Cadence.TryParse(interval, out var cadence) ? cadence : null,
    };

    public Instant FirstAtOrAfter(Instant instant)
    {
        var cadence = CadenceOf(Interval) ?? throw new InvalidOperationException($"The interval '{Interval}' passed the checks.");
        var period = new BillingCalendar(cadence, Anchor, DateTimeZone.Utc).PeriodContaining(instant);
        return period.Start == instant ? instant : period.End;
    }
}
