using NodaTime;

namespace Metering.Contracts.Messages;

/// <summary>
/// A subscription that goes on sells something else, or at other times: whoever planned ahead looks again. Decided <paramref name="At"/>;
/// what it sells may change later.
/// </summary>
public sealed record SubscriptionChanged(Guid SubscriptionId, Guid CustomerId, Instant At);
