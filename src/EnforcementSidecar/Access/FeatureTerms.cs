using System.Collections.Immutable;
using Metering.Contracts.Sidecar;

namespace Metering.EnforcementSidecar.Access;

/// <summary>What a feature is under a plan: one object for all customers of whom the same is said.</summary>
/// <param name="access">Of any of them; whose it is, and for how long, is not taken from it.</param>
internal sealed class FeatureTerms(FeatureAccess access)
{
    private readonly (int WindowSeconds, string Name)[] rateNames =
        [.. RatesOf(access).Select(rate => (rate.WindowSeconds, NameOf(access.FeatureKey, $"rate-{rate.WindowSeconds}s")))];

    public string Key { get; } = access.FeatureKey;

    public string? EventType { get; } = access.EventType;

    /// <summary>The entitlement that it names is somebody's.</summary>
    public QuotaTerms? Quota { get; } = access.Quota;

    public ReservationTerms? Reservation { get; } = access.Reservation;

    /// <summary>The credit that it names is somebody's, so that such terms are one customer's alone.</summary>
    public CreditTerms? Credit { get; } = access.Credit;

    public ImmutableArray<RateLimitTerms> RateLimits { get; } = RatesOf(access);

    public ConcurrencyTerms? Concurrency { get; } = access.Concurrency;

    public SizeTerms? BodySize { get; } = access.BodySize;

    public SizeTerms? PromptSize { get; } = access.PromptSize;

    public string QuotaPolicyName { get; } = NameOf(access.FeatureKey, "quota");

    public string SlotPolicyName { get; } = NameOf(access.FeatureKey, "concurrency");

    /// <summary>One name per window.</summary>
    public string RatePolicyName(int windowSeconds)
    {
        foreach (var (seconds, name) in rateNames)
        {
            if (seconds == windowSeconds)
            {
                return name;
            }
        }

        throw new ArgumentException($"The feature has no rate limit per {windowSeconds} s.", nameof(windowSeconds));
    }

    /// <summary>Quoted as RateLimit headers want it.</summary>
    public string PolicyName(string suffix) => NameOf(Key, suffix);

    private static ImmutableArray<RateLimitTerms> RatesOf(FeatureAccess access) => access.RateLimits.IsDefault ? [] : access.RateLimits;

    private static string NameOf(string featureKey, string suffix)
    {
        var key = featureKey.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal);
        return $"\"{key}-{suffix}\"";
    }
}
