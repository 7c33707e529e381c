namespace Metering.EnforcementSidecar.Access;

/// <summary>By what this process recognises a key; worth nothing outside of it.</summary>
internal readonly struct KeyMark(ulong high, ulong low)
{
    private readonly ulong high = high;

    public ulong Low { get; } = low;

    /// <summary>Takes the same time wherever the two differ.</summary>
    public bool IsSame(in KeyMark other) => ((high ^ other.high) | (Low ^ other.Low)) == 0;
}
