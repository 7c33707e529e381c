using NodaTime;

namespace Metering.Contracts.Messages;

/// <summary>A subscription exists and bills from <paramref name="ActiveFrom"/> on.</summary>
public sealed record SubscriptionStarted(Guid SubscriptionId, Guid CustomerId, Instant ActiveFrom);
