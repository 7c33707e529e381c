using System.Collections.Immutable;
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
    ImmutableArray<RateLimitTerms> RateLimits)
{
    /// <summary>Absent before format 3, as the two below: there is no such limit.</summary>
    public ConcurrencyTerms? Concurrency { get; init; }

    /// <summary>Bytes of the body.</summary>
    public SizeTerms? BodySize { get; init; }

    /// <summary>Tokens of the prompt, as the gateway counts them.</summary>
    public SizeTerms? PromptSize { get; init; }

    /// <summary>Whose credit pays for requests; null when nobody's has to. Absent before format 4.</summary>
    public CreditTerms? Credit { get; init; }

    /// <summary>How calls of a model are reserved; null when requests say themselves how many units they take. Absent before format 3.</summary>
    public ReservationTerms? Reservation { get; init; }
}
