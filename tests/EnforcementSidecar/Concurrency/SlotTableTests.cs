using System.Globalization;
using FsCheck;
using FsCheck.Fluent;
using Metering.Contracts.Sidecar;
using Metering.EnforcementSidecar.Concurrency;
using Metering.EnforcementSidecar.Shares;
using Metering.EnforcementSidecar.Tests.Leases.Simulation;
using NodaTime;
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
        var slots = new SlotTable(new ConcurrencyTerms(Limit, 600));
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

            Give(slots, (int)Number(3));
            var taken = slots.TryTake(id, Number(0), Number(4), out var left, out var freeAt) == TakeOutcome.Taken;
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
        var slots = new SlotTable(new ConcurrencyTerms(Limit, 600));
        const int share = 7;
        Give(slots, share);
        var inFlight = 0;
        var most = 0;
        Parallel.For(0, 20_000, i =>
        {
            if (slots.TryTake((UInt128)(i + 1), 0, long.MaxValue - 1, out _, out _) == TakeOutcome.Taken)
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

    [Fact]
    public void Who_is_let_in_keeps_its_place_while_the_share_shrinks_and_past_its_end()
    {
        var clock = new VirtualClock { Now = 100 };
        var slots = new SlotTable(new ConcurrencyTerms(10, 1));
        slots.Take(new ShareAnswer(true, ShareParts.Of(5, 10), ShareParts.Of(5, 10), 0, ShareParts.Whole, 0), 1_000, Instant.MinValue);
        for (var id = 1; id <= 4; id++)
        {
            Assert.Equal(TakeOutcome.Taken, slots.TryTake((UInt128)id, 100, 2_000_000, out _, out _));
        }

        // Two may be here; four are. They are kept, and no fifth is let in before three have ended.
        var offer = slots.Offer(ShareParts.Of(2, 10), 0, 0, Instant.MinValue, clock);
        Assert.Equal((ShareParts.Of(4, 10), 2_000L), (offer.Keeps, offer.LingersMilliseconds));
        Assert.Equal(TakeOutcome.NeedsShare, slots.TryTake(5, 100, 2_000_000, out _, out _));
        slots.Release(1);
        slots.Release(2);
        Assert.Equal(TakeOutcome.NeedsShare, slots.TryTake(5, 100, 2_000_000, out _, out _));
        slots.Release(3);
        Assert.Equal(TakeOutcome.Taken, slots.TryTake(5, 100, 2_000_000, out _, out _));

        clock.Now = 1_000;
        slots.Release(5);
        Assert.Equal(TakeOutcome.NeedsShare, slots.TryTake(6, 1_000, 2_000_000, out _, out _));
        Assert.Equal(ShareParts.Of(1, 10), slots.Offer(ShareParts.Whole, 0, 0, Instant.MinValue, clock).Keeps);
    }

    private const int Limit = 9;

    /// <summary>So many places, for ever.</summary>
    private static void Give(SlotTable slots, int share)
    {
        var parts = ShareParts.Of(share, Limit);
        slots.Take(new ShareAnswer(true, parts, 0, 0, ShareParts.Whole, 0), long.MaxValue, Instant.MinValue);
    }

    private static void RunAgainstModel(int[] steps)
    {
        var slots = new SlotTable(new ConcurrencyTerms(Limit, 600));
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
                Give(slots, share);
                var taken = slots.TryTake((UInt128)(i + 1), now, deadline, out _, out var freeAt) == TakeOutcome.Taken;
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
