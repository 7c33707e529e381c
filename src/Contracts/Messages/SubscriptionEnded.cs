using NodaTime;

namespace Metering.Contracts.Messages;

/// <summary>A subscription stops at <paramref name="ActiveTo"/> (exclusive); its last period ends there.</summary>
public sealed record SubscriptionEnded(Guid SubscriptionId, Guid CustomerId, Instant ActiveTo);
