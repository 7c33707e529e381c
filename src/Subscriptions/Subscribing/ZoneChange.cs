using NodaTime;

namespace Metering.Subscriptions.Subscribing;

/// <summary>A customer moved to another time zone.</summary>
/// <param name="Before">The zone until then; the one after is that of the next change, or else the customer's present one.</param>
public sealed record ZoneChange(Instant At, DateTimeZone Before);
