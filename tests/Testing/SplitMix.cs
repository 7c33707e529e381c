namespace Metering.Testing;

/// <summary>SplitMix64 (Steele, Lea, Flood 2014): the same seed gives the same run on every machine and runtime.</summary>
public sealed class SplitMix(ulong seed)
{
    private ulong state = seed;

    /// <summary>From 0 to <paramref name="bound"/>, exclusive.</summary>
    public int Below(int bound) => (int)(Next() % (ulong)bound);

    /// <summary>True this many times in ten thousand.</summary>
    public bool Chance(int perTenThousand) => Below(10_000) < perTenThousand;

    public void Shuffle<T>(IList<T> items)
    {
        for (var i = items.Count - 1; i > 0; i--)
        {
            var j = Below(i + 1);
            (items[i], items[j]) = (items[j], items[i]);
        }
    }

    public ulong Next()
    {
        unchecked
        {
            state += 0x9E3779B97F4A7C15;
            var mixed = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9;
            mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
            return mixed ^ (mixed >> 31);
        }
    }
}
