using NodaTime;

namespace Metering.EnforcementSidecar.Leases;

/// <summary>What is left of a quota, as far as this sidecar can tell: what Host last called free plus its own leases.</summary>
/// <param name="Known">False until Host has answered once for the current period; the rest is then meaningless.</param>
/// <param name="Remaining">Below 0 when a soft limit is passed.</param>
internal readonly record struct QuotaState(bool Known, long Limit, long Remaining, Instant PeriodStart, Instant PeriodEnd);
