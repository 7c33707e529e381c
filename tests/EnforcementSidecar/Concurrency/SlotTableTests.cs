using System.Globalization;
using FsCheck;
using FsCheck.Fluent;
using Metering.EnforcementSidecar.Access;
using Metering.EnforcementSidecar.Concurrency;
using Xunit;

namespace Metering.EnforcementSidecar.Tests.Concurrency;

public sealed class SlotTableTests
{
    [Fact]
    public void A_place_is_free_when_it_is_released_or_when_its_time_is_over()
    {
        const string table = """
             at  what     id  share  until  answer  left  free at
              0  take      1      2    100     yes     1        0
             10  take      2      2    110     yes     0       10
             20  take      3      2    120      no     0      100
             30  release   1      -      -     yes     -        -
             30  release   1      -      -      no     -        -
             40  take      3      2    140     yes     0       40
             40  release   9      -      -      no     -        -
             99  take      4      2    199      no     0      110
            110  take      4      2    210     yes     0      110
            120  take      5      1    220      no     0      210
            120  take      5      0    220      no     0    never
            140  take      5      2    240     yes     0      140
            150  take      6      3    160     yes     0      150
            155  take      7      3    255      no     0      160
            160  take      7      3    260     yes     0      160
            """;
        var slots = new SlotTable();
        foreach (var row in table.Split('\n', StringSplitOptions.TrimEntries).Skip(1))
        {
            var cell = row.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            long Number(int i) => long.Parse(cell[i], CultureInfo.InvariantCulture);
            var id = (UInt128)Number(2);
            if (cell[1] == "release")
            {
                Assert.Equal((row, cell[5] == "yes"), (row, slots.Release(id)));
                continue;
            }

            var taken = slots.TryTake(id, (int)Number(3), Number(0), Number(4), out var left, out var freeAt);
            var free = freeAt == SlotTable.Never ? "never" : freeAt.ToString(CultureInfo.InvariantCulture);
            Assert.Equal((row, cell[5] == "yes", Number(6), cell[7]), (row, taken, left, free));
        }
    }

    [Fact]
    public void Whatever_comes_it_holds_exactly_what_was_taken_and_neither_released_nor_over() =>
        Prop.ForAll<int[]>(steps => RunAgainstModel(steps)).Check(Config.QuickThrowOnFailure.WithMaxTest(2_000).WithEndSize(300));

    [Fact]
    public void All_at_once_no_more_are_admitted_than_the_share_and_each_is_released_once()
    {
        var slots = new SlotTable();
        const int share = 7;
        var inFlight = 0;
        var most = 0;
        Parallel.For(0, 20_000, i =>
        {
            if (slots.TryTake((UInt128)(i + 1), share, 0, long.MaxValue - 1, out _, out _))
            {
                var now = Interlocked.Increment(ref inFlight);
                InterlockedMax(ref most, now);
                Interlocked.Decrement(ref inFlight);
                Assert.True(slots.Release((UInt128)(i + 1)));
                Assert.False(slots.Release((UInt128)(i + 1)));
            }
        });
        Assert.InRange(most, 1, share);
        Assert.Equal(0, slots.CountAt(0));
    }

    [Theory]
    [InlineData(10, 3, "4 3 3")]
    [InlineData(2, 3, "1 1 0")]
    [InlineData(1, 1, "1")]
    [InlineData(8, 4, "2 2 2 2")]
    public void The_shares_of_all_sidecars_are_the_limit_and_never_more(int limit, int sidecars, string shares)
    {
        var mine = Enumerable.Range(0, sidecars).Select(rank =>
        {
            var count = new SidecarCount();
            count.Set(sidecars, rank);
            return count.ShareOf(limit);
        }).ToList();
        Assert.Equal(shares, string.Join(' ', mine));
        Assert.Equal(limit, mine.Sum());
    }

    [Fact]
    public void A_sidecar_that_was_not_told_its_rank_has_nothing_of_what_can_not_be_divided()
    {
        var count = new SidecarCount();
        count.Set(3, null);
        Assert.Equal(3, count.ShareOf(10));
    }

    private static void RunAgainstModel(int[] steps)
    {
        var slots = new SlotTable();
        var model = new Dictionary<UInt128, long>();
        var now = 0L;
        foreach (var (i, step) in steps.Index())
        {
            var choice = unchecked((uint)step);
            now += choice % 7;
            foreach (var over in model.Where(entry => entry.Value <= now).Select(entry => entry.Key).ToList())
            {
                model.Remove(over);
            }

            if (choice % 3 == 0 && model.Count > 0)
            {
                var id = model.Keys.ElementAt((int)(choice / 3 % (uint)model.Count));
                Assert.True(slots.Release(id));
                model.Remove(id);
            }
            else
            {
                var share = (int)(choice / 3 % 9);
                var deadline = now + 1 + (choice / 27 % 60);
                var taken = slots.TryTake((UInt128)(i + 1), share, now, deadline, out _, out var freeAt);
                Assert.Equal(model.Count < share, taken);
                if (taken)
                {
                    model.Add((UInt128)(i + 1), deadline);
                }
                else if (share > 0)
                {
                    Assert.Equal(model.Values.Order().ElementAt(model.Count - share), freeAt);
                }
            }

            Assert.Equal(model.Count, slots.CountAt(now));
        }
    }

    private static void InterlockedMax(ref int most, int value)
    {
        int known;
        while ((known = Volatile.Read(ref most)) < value && Interlocked.CompareExchange(ref most, value, known) != known)
        {
        }
    }
}
