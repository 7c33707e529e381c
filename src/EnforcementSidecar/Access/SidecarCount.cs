namespace Metering.EnforcementSidecar.Access;

/// <summary>How many sidecars share the rate limits, as Host last said.</summary>
internal sealed class SidecarCount
{
    private int active = 1;

    public int Active
    {
        get => Volatile.Read(ref active);
        set => Volatile.Write(ref active, Math.Max(1, value));
    }
}
