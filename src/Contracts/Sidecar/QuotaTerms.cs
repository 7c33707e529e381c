using NodaTime;

namespace Metering.Contracts.Sidecar;

/// <summary>A metered limit. Which period it is, and what is left, only a lease tells.</summary>
/// <param name="EntitlementId">26-character id; leases are asked for under it.</param>
/// <param name="LimitClass">Whether the limit denies.</param>
/// <param name="Limit">Whole units per period.</param>
/// <param name="Period">ISO 8601 duration of the period, e.g. P1D; names the policy in RateLimit headers.</param>
/// <param name="IsLevel">What is limited is a level, of which a lease takes nothing. False when absent.</param>
public sealed record QuotaTerms(string EntitlementId, LimitClass LimitClass, long Limit, string Period, bool IsLevel = false);
