using NodaTime;
using NodaTime.Text;

namespace Metering.Invoicing.Profiles;

/// <summary>How long something waits: an ISO 8601 duration such as <c>PT1H</c>, <c>P30D</c> or <c>P1M</c>, counted on the calendar of UTC.</summary>
internal static class IsoPeriod
{
    public const string Expected = "A duration of ISO 8601 such as PT1H, P30D or P1M, not negative, at most P1Y.";

    private const int MaxLength = 64;

    /// <summary>More seconds than a year has; beyond, the sum of the parts could overflow.</summary>
    private const long MaxPart = 40_000_000;

    private static readonly LocalDateTime SomeDay = new(2023, 1, 1, 0, 0);

    public static bool IsValid(string text) =>
        text.Length <= MaxLength && PeriodPattern.NormalizingIso.Parse(text) is { Success: true, Value: var period } && InBounds(period);

    public static Instant Add(Instant instant, string text) =>
        instant.InUtc().LocalDateTime.Plus(PeriodPattern.NormalizingIso.Parse(text).GetValueOrThrow()).InUtc().ToInstant();

    private static bool InBounds(Period period)
    {
        long[] parts = [period.Years, period.Months, period.Weeks, period.Days, period.Hours, period.Minutes, period.Seconds];
        return parts.All(part => part is >= 0 and <= 40_000_000)
            && period is { Milliseconds: 0, Ticks: 0, Nanoseconds: 0, Years: <= 1, Months: <= 12 }
            && SomeDay.Plus(period) <= SomeDay.PlusYears(1);
    }
}
