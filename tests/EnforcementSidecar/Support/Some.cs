using System.Collections.Immutable;
using Metering.Contracts.Sidecar;
using Metering.EnforcementSidecar.Identifiers;
using NodaTime;

namespace Metering.EnforcementSidecar.Tests.Support;

/// <summary>Test data that says: any will do.</summary>
internal static class Some
{
    public static readonly Instant Start = Instant.FromUtc(2026, 1, 1, 0, 0);

    public static string Id() => Ulid.NewText(Start);

    public static CustomerAccess Customer(string key, params ImmutableArray<FeatureAccess> features) =>
        new(Id(), null, "subject-of-" + key, CustomerStatus.Active, [FakeHost.Hash(key)], features);

    /// <summary>A key that opens these features only; all that the customer has when none is named.</summary>
    public static CredentialAccess Restricted(string key, params ImmutableArray<string> features) =>
        new(FakeHost.Hash(key), null, features.IsEmpty ? null : features, null, null);

    public static FeatureAccess Feature(string featureKey, QuotaTerms? quota = null, params ImmutableArray<RateLimitTerms> rates) =>
        new(featureKey, Start, null, "request", null, quota, rates);

    public static QuotaTerms Hard(string entitlementId, long limit) => new(entitlementId, LimitClass.Hard, limit, "P1D");

    /// <summary>Calls of a model whose total of tokens is what is limited.</summary>
    public static ReservationTerms Reserved(ReservationMode mode = ReservationMode.Strict, OrphanPolicy onOrphan = OrphanPolicy.ChargeReserved) =>
        new(mode, CountedTokens.Total, DefaultOutputTokens: 200, MaxOutputTokens: 500, OverheadBytes: 0, MaxContextTokens: null, onOrphan, 600, 60);

    public static QuotaTerms Soft(string entitlementId, long limit) => new(entitlementId, LimitClass.Soft, limit, "P1D");
}
