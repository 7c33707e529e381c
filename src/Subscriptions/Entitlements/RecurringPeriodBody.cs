using System.Text.Json.Serialization;
using Metering.Rating;
using Metering.Subscriptions.Wire;
using NodaTime;

namespace Metering.Subscriptions.Entitlements;

/// <param name="Interval"><c>DAY</c>, <c>WEEK</c>, <c>MONTH</c>, <c>YEAR</c>, or an ISO 8601 duration of one unit.</param>
/// <param name="Anchor">Periods are counted from here.</param>
internal sealed record RecurringPeriodBody(string Interval, Instant? Anchor = null)
{
    /// <summary>Longer periods than this would be a mistake, and lead beyond the calendar.</summary>
    private const int MaxYears = 100;

    [JsonIgnore]
    public Cadence Cadence => ToCadence() ?? throw new InvalidOperationException($"An interval of '{Interval}' passed the checks.");

    public void Check(string pointer, FieldErrors errors) => errors.AddIf(
        ToCadence() is not { } cadence || IsTooLong(cadence), $"{pointer}/interval", "invalid_duration",
        $"An interval is DAY, WEEK, MONTH, YEAR, or an ISO 8601 duration of one unit, such as P1D or P3M, of at most {MaxYears} years.");

    public static bool IsTooLong(Cadence cadence) => cadence.Unit switch
    {
        CadenceUnit.Year => cadence.Count > MaxYears,
        CadenceUnit.Month => cadence.Count > MaxYears * 12,
        CadenceUnit.Week => cadence.Count > MaxYears * 52,
        CadenceUnit.Minute or CadenceUnit.Hour or CadenceUnit.Day => false,
    };

    private Cadence? ToCadence() => Interval switch
    {
        "DAY" => Cadence.Daily,
        "WEEK" => new Cadence(1, CadenceUnit.Week),
        "MONTH" => Cadence.Monthly,
        "YEAR" => Cadence.Yearly,
        _ => Cadence.TryParse(Interval, out var cadence) ? cadence : null,
    };
}

/// <param name="Interval">A word where there is one.</param>
/// <param name="IntervalIso">The same as an ISO 8601 duration.</param>
internal sealed record RecurringPeriodView(string Interval, [property: JsonPropertyName("intervalISO")] string IntervalIso, Instant Anchor)
{
    public static RecurringPeriodView Of(string cadence, Instant anchor) =>
        new(cadence switch { "P1D" => "DAY", "P1W" => "WEEK", "P1M" => "MONTH", "P1Y" => "YEAR", _ => cadence }, cadence, anchor);
}
