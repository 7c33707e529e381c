using Metering.Rating;

namespace Metering.Subscriptions.Entitlements.Balances;

/// <summary>What a pool may give out, and until when that holds.</summary>
/// <param name="Allowed">Whole units that may be used in the usage period, what was used of it already included.</param>
/// <param name="Segment">The burn phase: beyond its end grants may have ended, begun or recurred.</param>
internal sealed record PoolOpeningBalance(long Allowed, ServicePeriod Segment);
