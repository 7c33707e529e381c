namespace Metering.EnforcementSidecar.Access;

/// <summary>How many sidecars share the limits, and which of them this one is, as Host last said.</summary>
internal sealed class SidecarCount
{
    private Membership known = new(1, null);

    public int Active
    {
        get => Volatile.Read(ref known).Active;
        set => Set(value, null);
    }

    public void Set(int active, int? rank) => Volatile.Write(ref known, new Membership(Math.Max(1, active), rank));

    /// <summary>
    /// Of what can not be divided further than into ones. The shares of all sidecars are the limit; with fewer than one for each, some have none.
    /// </summary>
    public int ShareOf(int limit)
    {
        var (active, rank) = Volatile.Read(ref known);
        return (limit / active) + (rank < limit % active ? 1 : 0);
    }

    private sealed record Membership(int Active, int? Rank);
}
