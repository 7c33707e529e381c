namespace Metering.EnforcementSidecar.Rates;

/// <summary>What part of a rate this sidecar may let through, and for how long.</summary>
/// <param name="parts">Of the whole limit.</param>
/// <param name="deadline">Monotonic; nothing is let through from then on.</param>
internal sealed class RateShare(long parts, long deadline)
{
    private long until = deadline;

    public long Parts => parts;

    public long Deadline => Volatile.Read(ref until);

    public void Extend(long deadline) => Volatile.Write(ref until, Math.Max(Deadline, deadline));
}
