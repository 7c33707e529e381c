using System.Collections.Immutable;
using System.Text.Json.Serialization;
using NodaTime;

namespace Metering.Contracts.Sidecar;

/// <summary>One feature a customer has access to.</summary>
/// <param name="FeatureKey">The key a gateway names in <c>X-Meter-Feature</c>.</param>
/// <param name="ActiveFrom">Inclusive.</param>
/// <param name="ActiveTo">Exclusive; null when open.</param>
/// <param name="EventType">The CloudEvents type that the feature's meter counts; null when the feature has no meter.</param>
/// <param name="Config">The JSON text of a static entitlement; null otherwise.</param>
/// <param name="Quota">The metered limit; null when usage of the feature is unlimited.</param>
/// <param name="RateLimits">All must admit.</param>
public sealed record FeatureAccess(
    string FeatureKey,
    Instant ActiveFrom,
    Instant? ActiveTo,
    string? EventType,
    string? Config,
    QuotaTerms? Quota,
    ImmutableArray<RateLimitTerms> RateLimits);

/// <summary>A metered limit. Which period it is, and what is left, only a lease tells.</summary>
/// <param name="EntitlementId">26-character id; leases are asked for under it.</param>
/// <param name="LimitClass">Whether the limit denies.</param>
/// <param name="Limit">Whole units per period.</param>
/// <param name="Period">ISO 8601 duration of the period, e.g. P1D; names the policy in RateLimit headers.</param>
public sealed record QuotaTerms(string EntitlementId, LimitClass LimitClass, long Limit, string Period);

/// <summary>At most <paramref name="Limit"/> units per <paramref name="WindowSeconds"/>, with bursts up to <paramref name="Burst"/>.</summary>
public sealed record RateLimitTerms(long Limit, int WindowSeconds, long Burst);

/// <summary>What happens at a limit.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<LimitClass>))]
public enum LimitClass
{
    /// <summary>Units are escrowed before they are spent; never exceeded.</summary>
    Hard,

    /// <summary>Never denies; passing the limit is announced in a header and billed as overage.</summary>
    Soft,
}
