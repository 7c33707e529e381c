using NodaTime;

namespace Metering.Subscriptions.Entitlements;

/// <summary>Usage begins to count anew beside the calendar, and from here on the calendar is the one named here.</summary>
/// <param name="IsReset">Somebody asked for it; otherwise the customer moved to another zone, and it falls on the end of a period.</param>
internal sealed record EntitlementTurn(Instant At, bool IsReset, bool PreserveOverage, Instant Anchor, string TimeZone);
