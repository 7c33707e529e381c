namespace Metering.Subscriptions.Shares;

/// <summary>
/// Divides the units of a limit among those who claim them: what waits comes first, then demand, each as much as the others until its own is
/// met, then what is left in the same way up to what is wanted. The sum is never more than there is.
/// </summary>
internal static class ShareDivision
{
    public static long[] Divide(long units, IReadOnlyList<ShareClaim> claims)
    {
        var given = new long[claims.Count];
        var left = units;
        Fill(given, ref left, claim => claim.Needed);
        Fill(given, ref left, claim => Math.Max(claim.Needed, claim.Demand));
        Fill(given, ref left, claim => Math.Max(claim.Wants, Math.Max(claim.Needed, claim.Demand)));
        return given;

        void Fill(long[] each, ref long rest, Func<ShareClaim, long> upTo)
        {
            // Whoever wants least of all is served whole, or all get the same: so each step leaves one claim fewer.
            var open = Enumerable.Range(0, each.Length).Where(i => each[i] < upTo(claims[i])).OrderBy(i => upTo(claims[i])).ToList();
            Level(each, ref rest, open, upTo);
        }

        void Level(long[] each, ref long rest, List<int> open, Func<ShareClaim, long> upTo)
        {
            while (open.Count > 0 && rest > 0)
            {
                var level = LevelFor(each, rest, open);
                var first = open[0];
                var most = upTo(claims[first]);
                if (most > level)
                {
                    Even(each, ref rest, open, level);
                    return;
                }

                rest -= Math.Max(0, most - each[first]);
                each[first] = Math.Max(each[first], most);
                open.RemoveAt(0);
            }
        }
    }

    /// <summary>How much each of them would have if all of them came as near to the same as what is left allows; rounded down.</summary>
    private static long LevelFor(long[] each, long rest, List<int> open)
    {
        var lowest = open.Select(i => each[i]).Order().ToList();
        var sum = 0L;
        for (var count = 1; count <= lowest.Count; count++)
        {
            sum += lowest[count - 1];
            var level = (rest + sum) / count;
            if (count == lowest.Count || level <= lowest[count])
            {
                return level;
            }
        }

        return 0;
    }

    private static void Even(long[] each, ref long rest, List<int> open, long level)
    {
        foreach (var i in open.Where(i => each[i] < level))
        {
            rest -= level - each[i];
            each[i] = level;
        }

        // What can not be divided goes to the first of those who have no more than the level.
        foreach (var i in open.Where(i => each[i] == level).OrderBy(i => i).Take((int)Math.Min(rest, open.Count)))
        {
            each[i]++;
            rest--;
        }
    }
}
