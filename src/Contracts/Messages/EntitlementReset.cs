using NodaTime;

namespace Metering.Contracts.Messages;

/// <summary>Somebody reset a metered entitlement: its usage counts from <paramref name="At"/>. A period that ends by itself is not told.</summary>
public sealed record EntitlementReset(Guid EntitlementId, Guid CustomerId, Instant At);
