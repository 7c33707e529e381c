namespace Metering.Subscriptions.Shares;

/// <summary>What one sidecar would do with a limit, in units of it.</summary>
/// <param name="Needed">Of a request that waits: first of all.</param>
/// <param name="Demand">Would do for what has come of late.</param>
/// <param name="Wants">Would be taken if nobody else wants it; at least the two above.</param>
internal readonly record struct ShareClaim(long Needed, long Demand, long Wants);
