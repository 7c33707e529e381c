using NodaTime;

namespace Metering.Ingest.Sources;

/// <summary>
/// What of one numbering came and what did not. Numbers begin at 1; what lies below the highest and did not come is kept as ranges, so that a
/// loss of a million costs one row. A range that comes late fills its place:
/// <code>
/// came        1------5        9---12
/// gaps                [6----8]
/// late 7      [6] [8]
/// </code>
/// </summary>
internal sealed class SequenceGaps(long highest, long forgotten, IEnumerable<SequenceGap> gaps)
{
    /// <summary>Of one numbering. A source that loses every other event loses more than its gaps can tell.</summary>
    public const int MaxGaps = 1_000;

    private readonly SortedDictionary<long, SequenceGap> gaps = new(gaps.ToDictionary(gap => gap.First));

    public long Highest { get; private set; } = highest;

    /// <summary>How many numbers were missing in gaps that are no longer kept.</summary>
    public long Forgotten { get; private set; } = forgotten;

    public IEnumerable<SequenceGap> Open => gaps.Values;

    public long Missing => gaps.Values.Sum(gap => gap.Count) + Forgotten;

    /// <param name="first">At least 1.</param>
    /// <param name="last">Inclusive.</param>
    public void Receive(long first, long last, Instant at)
    {
        if (first > Highest + 1)
        {
            gaps.Add(Highest + 1, new SequenceGap(Highest + 1, first - 1, at));
        }

        foreach (var gap in gaps.Values.Where(gap => gap.First <= last && gap.Last >= first).ToArray())
        {
            gaps.Remove(gap.First);
            Keep(gap with { Last = first - 1 });
            Keep(gap with { First = last + 1 });
        }

        Highest = Math.Max(Highest, last);
        while (gaps.Count > MaxGaps)
        {
            var oldest = gaps.Values.First();
            gaps.Remove(oldest.First);
            Forgotten += oldest.Count;
        }
    }

    private void Keep(SequenceGap part)
    {
        if (part.First <= part.Last)
        {
            gaps.Add(part.First, part);
        }
    }
}

/// <summary>Numbers that did not come, from the first to the last of them.</summary>
/// <param name="Since">When a later number came.</param>
internal readonly record struct SequenceGap(long First, long Last, Instant Since)
{
    public long Count => Last - First + 1;
}
