namespace Metering.EnforcementSidecar.Shares;

/// <summary>How much was asked for of late, a second at least; for the gate of an account.</summary>
internal struct RecentDemand
{
    private double before;
    private long since;

    /// <param name="count">What was asked for since the last window ended; taken out when this one ends.</param>
    /// <param name="ends">Whether the window has ended.</param>
    public double PerSecond(long count, TimeProvider monotonic, out bool ends)
    {
        var timestamp = monotonic.GetTimestamp();
        since = since == 0 ? timestamp : since;
        var seconds = (timestamp - since) / (double)monotonic.TimestampFrequency;
        ends = seconds >= 1;
        if (!ends)
        {
            return Math.Max(before, count);
        }

        since = timestamp;
        return before = count / seconds;
    }
}
