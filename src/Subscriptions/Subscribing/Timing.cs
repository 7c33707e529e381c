using Metering.Platform.Http;
using Metering.Platform.Problems;
using Microsoft.AspNetCore.Http;
using NodaTime;

namespace Metering.Subscriptions.Subscribing;

/// <summary>When a change to a subscription takes effect, as OpenMeter writes it: a word or an instant.</summary>
internal static class Timing
{
    public const string Immediate = "immediate";
    public const string NextBillingCycle = "next_billing_cycle";

    /// <summary>The instant that is meant, at or after <paramref name="now"/>.</summary>
    /// <param name="text">Null means immediately.</param>
    /// <param name="billing">Whose next period is the next billing cycle.</param>
    /// <returns>Null when there is such an instant; otherwise the answer that says why not.</returns>
    public static IResult? TryResolve(string? text, Instant now, ServiceCalendar billing, out Instant at)
    {
        at = now;
        switch (text)
        {
            case null or Immediate:
                return null;
            case NextBillingCycle:
                at = billing.PeriodContaining(now).End;
                return null;
            default:
                return !InstantConverter.TryParse(text, out at)
                    ? Problem.Invalid("/timing", "invalid_timing", "A timing is immediate, next_billing_cycle or an RFC 3339 time.")
                    : at < now ? Problem.Invalid("/timing", "time_in_the_past", $"A change takes effect now or later, and now is {now}.") : null;
        }
    }
}
