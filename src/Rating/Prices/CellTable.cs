using System.Collections.Frozen;
using System.Collections.Immutable;

namespace Metering.Rating;

/// <summary>
/// The cells of a dimensional price made ready for finding: the most specific cell that covers given values, in time that does not grow with their
/// number.
/// </summary>
internal sealed class CellTable
{
    private readonly FrozenDictionary<CellKey, Entry> cells;

    // Which dimensions a cell names, as bits; the patterns that occur, most specific first, so that the first find is the answer.
    private readonly ImmutableArray<int> patterns;

    public CellTable(ImmutableArray<string> dimensions, ImmutableArray<PriceCell> cells, Price? fallback)
    {
        var all = fallback is null ? cells : cells.Add(new PriceCell([.. dimensions.Select(_ => (string?)null)], fallback));
        this.cells = all.ToFrozenDictionary(
            cell => new CellKey(cell.Values, PatternOf(cell.Values)),
            cell => new Entry(cell.Price, Scope.Of(dimensions, cell.Values), !cell.Values.Contains(null)));

        // Between two patterns of equally many dimensions, the one that names an earlier dimension is the more specific.
        patterns = [.. all.Select(cell => PatternOf(cell.Values)).Distinct().OrderByDescending(int.PopCount).ThenByDescending(pattern => pattern)];
    }

    /// <summary>The cell that covers the values and names most of them; null when none does.</summary>
    public Entry? Find(ImmutableArray<string> values)
    {
        foreach (var pattern in patterns)
        {
            if (cells.TryGetValue(new CellKey(values!, pattern), out var entry))
            {
                return entry;
            }
        }

        return null;
    }

    /// <summary>Whether two cells are for the same values.</summary>
    public static bool HasDuplicate(ImmutableArray<PriceCell> cells, out int second)
    {
        var seen = new HashSet<CellKey>();
        second = 0;
        while (second < cells.Length && seen.Add(new CellKey(cells[second].Values, PatternOf(cells[second].Values))))
        {
            second++;
        }

        return second < cells.Length;
    }

    private static int PatternOf(ImmutableArray<string?> values)
    {
        var pattern = 0;
        for (var i = 0; i < values.Length; i++)
        {
            pattern |= values[i] is null ? 0 : BitOf(i);
        }

        return pattern;
    }

    /// <summary>The bit of a dimension: the earlier the dimension, the greater its bit, so that the greater pattern names the earlier ones.</summary>
    private static int BitOf(int dimension) => 1 << (Price.Dimensional.DimensionsMax - dimension);

    /// <summary>A cell found.</summary>
    /// <param name="Price">What prices its usage.</param>
    /// <param name="Scope">How charges are called that are about all it covers.</param>
    /// <param name="IsOneGroup">Whether it names a value for every dimension, and so covers one group only.</param>
    public sealed record Entry(Price Price, Scope Scope, bool IsOneGroup);

    /// <summary>Values of which only those in the pattern count.</summary>
    private readonly struct CellKey(ImmutableArray<string?> values, int pattern) : IEquatable<CellKey>
    {
        private readonly ImmutableArray<string?> values = values;
        private readonly int pattern = pattern;

        public bool Equals(CellKey other)
        {
            if (pattern != other.pattern)
            {
                return false;
            }

            for (var i = 0; i < values.Length; i++)
            {
                if ((pattern & BitOf(i)) != 0 && !string.Equals(values[i], other.values[i], StringComparison.Ordinal))
                {
                    return false;
                }
            }

            return true;
        }

        public override bool Equals(object? obj) => obj is CellKey other && Equals(other);

        // Cells are written by whoever sells, not sent by strangers, so a plain multiplicative hash is safe here, and cheaper than a keyed one.
        public override int GetHashCode()
        {
            unchecked
            {
                var hash = (uint)pattern;
                for (var i = 0; i < values.Length; i++)
                {
                    if ((pattern & BitOf(i)) != 0)
                    {
                        foreach (var c in values[i]!)
                        {
                            hash = (hash ^ c) * 16_777_619u;
                        }
                    }
                }

                return (int)(hash ^ (hash >> 15));
            }
        }
    }
}
