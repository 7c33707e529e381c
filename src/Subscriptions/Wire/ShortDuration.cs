using System.Text.RegularExpressions;
using NodaTime;
using NodaTime.Text;

namespace Metering.Subscriptions.Wire;

/// <summary>A stretch of real time as ISO 8601 in weeks, days and time: nothing that differs by calendar.</summary>
internal static partial class ShortDuration
{
    /// <param name="absent">What no text means.</param>
    public static bool TryParse(string? text, Duration absent, out Duration duration)
    {
        duration = absent;
        if (text is null)
        {
            return true;
        }

        if (!Form().IsMatch(text) || PeriodPattern.NormalizingIso.Parse(text) is not { Success: true } parsed)
        {
            return false;
        }

        duration = parsed.Value.ToDuration();
        return true;
    }

    /// <summary>Few digits each: the parser throws at numbers that do not fit, and their sum has to fit as well.</summary>
    [GeneratedRegex(@"\AP(?:[0-9]{1,3}W)?(?:[0-9]{1,3}D)?(?:T(?:[0-9]{1,7}[HMS]){1,3})?\z", RegexOptions.CultureInvariant)]
    private static partial Regex Form();
}
