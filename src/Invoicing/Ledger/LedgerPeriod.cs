using System.Globalization;
using Metering.Platform.Http;
using Metering.Platform.Problems;
using NodaTime;
using NodaTime.Text;

namespace Metering.Invoicing.Ledger;

/// <summary>A month of the books, in UTC, and by when what counts in it was posted.</summary>
/// <param name="PostedBefore">What was posted later is left out, so that a report says the same next year; null takes what is there.</param>
internal sealed record LedgerPeriod(YearMonth Month, Instant? PostedBefore)
{
    private static readonly YearMonthPattern Pattern = YearMonthPattern.CreateWithInvariantCulture("uuuu'-'MM");

    public Instant Start => Month.OnDayOfMonth(1).AtMidnight().InUtc().ToInstant();

    public Instant End => Month.OnDayOfMonth(1).PlusMonths(1).AtMidnight().InUtc().ToInstant();

    public string Name => Pattern.Format(Month);

    /// <summary>Null when both are well; otherwise what is wrong.</summary>
    public static FieldError? TryRead(string month, string? postedBefore, out LedgerPeriod period)
    {
        var parsed = Pattern.Parse(month);
        var wrong = InstantConverter.TryReadParameter("postedBefore", postedBefore, out var before);
        period = new LedgerPeriod(parsed.Success ? parsed.Value : default, before);
        return parsed.Success && parsed.Value.Year is > 1 and < 9000
            ? wrong
            : new FieldError("/period", "invalid_period", string.Create(CultureInfo.InvariantCulture, $"A period is a month such as 2026-01."));
    }
}
