using NodaTime;

namespace Metering.Subscriptions.Access;

/// <summary>One entitlement and what it is worth now.</summary>
/// <param name="FeatureName">The key, where the feature is archived.</param>
/// <param name="Used">In the running usage period; null when nothing is metered.</param>
/// <param name="Allowance">How much the period allows; null when nothing is metered.</param>
/// <param name="ResetsAt">When the next period begins; null when nothing is metered.</param>
/// <param name="IsSoft">Usage goes on beyond the allowance.</param>
public sealed record GrantedAccess(
    string FeatureKey, string FeatureName, bool HasAccess, bool IsMetered, decimal? Used, decimal? Allowance, Instant? ResetsAt, bool IsSoft);
