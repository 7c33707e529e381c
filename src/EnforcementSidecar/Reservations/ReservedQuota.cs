using NodaTime;

namespace Metering.EnforcementSidecar.Reservations;

/// <summary>Units that a reservation took from one period of one quota.</summary>
/// <param name="EntitlementId">Of 26 characters.</param>
/// <param name="Units">Of credit billionths of the currency's major unit.</param>
/// <param name="IsCredit">What was taken is money: what comes back is its part, as the units that were not used are a part of all.</param>
/// <param name="PeriodStart">As Host told it with the lease; null under a soft limit of which Host has said nothing yet.</param>
internal readonly record struct ReservedQuota(string EntitlementId, Instant? PeriodStart, long Units, bool IsCredit = false);
