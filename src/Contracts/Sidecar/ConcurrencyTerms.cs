namespace Metering.Contracts.Sidecar;

/// <summary>At most <paramref name="Limit"/> requests in flight over all sidecars.</summary>
/// <param name="MaxSeconds">From then on a request that nobody released is taken for ended.</param>
public sealed record ConcurrencyTerms(int Limit, int MaxSeconds);
