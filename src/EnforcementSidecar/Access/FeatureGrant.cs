namespace Metering.EnforcementSidecar.Access;

/// <summary>What of a feature is one customer's own.</summary>
/// <param name="ActiveFrom">Inclusive, in ticks since 1970.</param>
/// <param name="ActiveTo">Exclusive, in ticks since 1970; the greatest there is when open.</param>
/// <param name="Entitlement">Default unless the terms have a quota.</param>
internal readonly record struct FeatureGrant(FeatureTerms Terms, long ActiveFrom, long ActiveTo, CompactId Entitlement)
{
    public const long Open = long.MaxValue;
}
