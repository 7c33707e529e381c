using System.Globalization;
using System.Text.RegularExpressions;

namespace Metering.Subscriptions.Plans;

/// <summary>The window of a rate limit: elapsed seconds, written <c>PT1S</c>, <c>PT1M</c> or <c>PT1H</c>.</summary>
internal static partial class RateLimitWindow
{
    public const int MaxSeconds = 86_400;

    public static bool TryParse(string? text, out int seconds)
    {
        seconds = 0;
        if (text is null || Pattern().Match(text) is not { Success: true } match)
        {
            return false;
        }

        var count = int.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture);
        seconds = count * match.Groups[2].ValueSpan[0] switch { 'S' => 1, 'M' => 60, _ => 3_600 };
        return seconds is >= 1 and <= MaxSeconds;
    }

    [GeneratedRegex(@"\APT([0-9]{1,5})([SMH])\z", RegexOptions.CultureInvariant)]
    private static partial Regex Pattern();
}
