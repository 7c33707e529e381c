namespace Metering.EnforcementSidecar.Leases;

/// <summary>
/// 64 bits that say how much of a lease is spent, whether it is closed, and which use of the slot they belong to: a thread
/// that was interrupted while it looked at one lease can not spend from the next lease in the same slot.
/// </summary>
internal static class SpentCounter
{
    public const long MaxUnits = (1L << SpentBits) - 1;

    private const int SpentBits = 48;
    private const int GenerationBits = 15;
    private const long GenerationMask = (1L << GenerationBits) - 1;
    private const long SealedBit = long.MinValue;

    /// <summary>Nothing spent, open, one generation after <paramref name="previous"/>.</summary>
    public static long Fresh(long previous) => ((((previous & ~SealedBit) >> SpentBits) + 1) & GenerationMask) << SpentBits;

    public static long SpentOf(long counter) => counter & MaxUnits;

    public static bool IsSealed(long counter) => counter < 0;

    public static long Sealed(long counter) => counter | SealedBit;

    public static bool SameLease(long counter, long fresh) => (counter & ~SealedBit & ~MaxUnits) == fresh;
}
