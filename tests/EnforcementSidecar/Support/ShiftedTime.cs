namespace Metering.EnforcementSidecar.Tests.Support;

/// <summary>A monotonic clock that can be put forward, as if the process had waited.</summary>
internal sealed class ShiftedTime : TimeProvider
{
    private long shift;

    public override long GetTimestamp() => System.GetTimestamp() + Interlocked.Read(ref shift);

    public void Forward(TimeSpan span) => Interlocked.Add(ref shift, (long)(span.TotalSeconds * TimestampFrequency));
}
