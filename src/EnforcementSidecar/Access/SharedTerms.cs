using System.Diagnostics.CodeAnalysis;
using Metering.Contracts.Sidecar;
using NodaTime;

namespace Metering.EnforcementSidecar.Access;

/// <summary>Keeps one <see cref="FeatureTerms"/> for all customers of whom the same is said. For the one thread that reads snapshots.</summary>
internal sealed class SharedTerms
{
    /// <summary>Past this many of them sharing begins anew: plans that are gone are forgotten in time.</summary>
    private const int MaxKept = 10_000;

    private readonly Dictionary<FeatureAccess, FeatureTerms> byValue = new(new SameTerms());
    private readonly Dictionary<string, FeatureTerms> byText = new(StringComparer.Ordinal);
    private readonly Dictionary<string, FeatureTerms>.AlternateLookup<ReadOnlySpan<char>> byChars;

    public SharedTerms() => byChars = byText.GetAlternateLookup<ReadOnlySpan<char>>();

    public FeatureTerms Of(FeatureAccess access)
    {
        var shared = access with
        {
            ActiveFrom = default, ActiveTo = null, Quota = access.Quota is null ? null : access.Quota with { EntitlementId = "" },
        };
        if (byValue.TryGetValue(shared, out var terms))
        {
            return terms;
        }

        Forget(byValue);
        return byValue[shared] = new FeatureTerms(shared);
    }

    public FeatureGrant GrantOf(FeatureAccess access) => new(
        Of(access), access.ActiveFrom.ToUnixTimeTicks(), access.ActiveTo?.ToUnixTimeTicks() ?? FeatureGrant.Open,
        access.Quota is null ? default : CompactId.Of(access.Quota.EntitlementId));

    /// <param name="text">All that the snapshot says about the feature, without what is one customer's own.</param>
    public bool TryFind(ReadOnlySpan<char> text, [NotNullWhen(true)] out FeatureTerms? terms) => byChars.TryGetValue(text, out terms);

    public void Keep(ReadOnlySpan<char> text, FeatureTerms terms)
    {
        Forget(byText);
        byText[text.ToString()] = terms;
    }

    private static void Forget<TKey>(Dictionary<TKey, FeatureTerms> kept)
        where TKey : notnull
    {
        if (kept.Count >= MaxKept)
        {
            kept.Clear();
        }
    }

    /// <summary>By what the terms say; a list of limits is compared by its limits.</summary>
    private sealed class SameTerms : IEqualityComparer<FeatureAccess>
    {
        public bool Equals(FeatureAccess? one, FeatureAccess? other) =>
            one is null || other is null
                ? one is null && other is null
                : one.RateLimits.IsDefault == other.RateLimits.IsDefault
                    && (one.RateLimits.IsDefault || one.RateLimits.AsSpan().SequenceEqual(other.RateLimits.AsSpan()))
                    && one with { RateLimits = default } == other with { RateLimits = default };

        public int GetHashCode(FeatureAccess access) =>
            HashCode.Combine(access.FeatureKey, access.EventType, access.Config, access.Quota, access.Reservation, access.Concurrency);
    }
}
