using Metering.Platform.Http;
using Metering.Rating;
using NodaTime;

namespace Metering.Subscriptions.Subscribing;

/// <summary>When a change to a subscription takes effect, as OpenMeter writes it: a word or an instant.</summary>
internal static class Timing
{
    public const string Immediate = "immediate";
    public const string NextBillingCycle = "next_billing_cycle";

    /// <summary>Null when the text is neither a known word nor a time.</summary>
    public static Instant? Resolve(string? text, Instant now, BillingCalendar billing) => text switch
    {
        null or Immediate => now,
        NextBillingCycle => billing.PeriodContaining(now).End,
        _ => InstantConverter.TryParse(text, out var instant) ? instant : null,
    };
}
