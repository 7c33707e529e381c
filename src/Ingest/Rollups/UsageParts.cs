using NodaTime;

namespace Metering.Ingest.Rollups;

/// <summary>
/// The parts from which every aggregation can be computed, and which can be merged in any order with the same result.
/// Of two events at the same instant the one with the greater key is the latest, so that the order of arrival means nothing.
/// </summary>
internal sealed class UsageParts
{
    public long Count { get; private set; }

    public decimal Sum { get; private set; }

    public decimal Min { get; private set; }

    public decimal Max { get; private set; }

    public decimal Latest { get; private set; }

    public Instant LatestAt { get; private set; }

    public Guid LatestKey { get; private set; }

    public void Add(decimal value, Instant at, Guid key) => Merge(1, value, value, value, value, at, key);

    /// <param name="count">How many events the parts stand for; at least one.</param>
    public void Merge(long count, decimal sum, decimal min, decimal max, decimal latest, Instant latestAt, Guid latestKey)
    {
        var first = Count == 0;
        Count += count;
        Sum += sum;
        Min = first ? min : Math.Min(Min, min);
        Max = first ? max : Math.Max(Max, max);
        if (first || latestAt > LatestAt || (latestAt == LatestAt && latestKey.CompareTo(LatestKey) > 0))
        {
            Latest = latest;
            LatestAt = latestAt;
            LatestKey = latestKey;
        }
    }
}
