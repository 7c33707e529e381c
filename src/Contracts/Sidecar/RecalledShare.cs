namespace Metering.Contracts.Sidecar;

/// <param name="Limit">Which limit.</param>
/// <param name="Target">Parts that the sidecar should have from now on.</param>
public sealed record RecalledShare(SharedLimit Limit, long Target);
