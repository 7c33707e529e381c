namespace Metering.EnforcementSidecar.Access;

/// <summary>How many sidecars there are, as Host last said; leases are sized by it.</summary>
internal sealed class SidecarCount
{
    private int known = 1;

    public int Active
    {
        get => Volatile.Read(ref known);
        set => Volatile.Write(ref known, Math.Max(1, value));
    }
}
