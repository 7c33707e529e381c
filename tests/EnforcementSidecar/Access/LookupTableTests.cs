using FsCheck;
using FsCheck.Fluent;
using Metering.EnforcementSidecar.Access;
using Xunit;

namespace Metering.EnforcementSidecar.Tests.Access;

public sealed class LookupTableTests
{
    /// <summary>Many of the small ones share a hash, so that searches run into each other.</summary>
    private sealed record Number(int Value, int Version) : IKeyed<Remainder>
    {
        public static readonly Number Removed = new(int.MinValue, 0);

        public int KeyHash => new Remainder(Value).GetHashCode();

        public bool IsKeyed(in Remainder key) => this != Removed && key.Value == Value;
    }

    private readonly record struct Remainder(int Value)
    {
        public override int GetHashCode() => Value <= byte.MaxValue ? Value % 7 : Value;
    }

    [Fact]
    public void A_table_is_a_dictionary() => Prop.ForAll(ArbMap.Default.ArbFor<(byte Key, bool Remove)[]>(), steps =>
    {
        var table = new LookupTable<Remainder, Number>(Number.Removed);
        var model = new Dictionary<int, Number>();
        foreach (var (step, (key, remove)) in steps.Concat(steps).Index())
        {
            if (remove)
            {
                table.Remove(new Remainder(key));
                model.Remove(key);
            }
            else
            {
                var number = new Number(key, step);
                table.Put(new Remainder(key), number);
                model[key] = number;
            }

            Assert.Equal(model.Count, table.Count);
        }

        for (var key = 0; key <= byte.MaxValue; key++)
        {
            Assert.Equal(model.GetValueOrDefault(key), table.Find(new Remainder(key)));
        }
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void What_comes_and_goes_for_ever_takes_no_more_room_than_what_is_there()
    {
        var table = new LookupTable<Remainder, Number>(Number.Removed);
        for (var value = 0; value < 5_000; value++)
        {
            table.Put(new Remainder(value), new Number(value, 0));
            table.Remove(new Remainder(value));
        }

        Assert.Equal(0, table.Count);
        Assert.Null(table.Find(new Remainder(4_999)));
    }

    [Fact]
    public async Task Whoever_reads_misses_nothing_while_the_table_grows()
    {
        const int all = 200_000;
        var table = new LookupTable<Remainder, Number>(removed: null);
        var written = -1;
        var reading = Task.Run(() =>
        {
            var misses = 0;
            while (Volatile.Read(ref written) < all - 1)
            {
                var known = Volatile.Read(ref written);
                misses += known >= 0 && table.Find(new Remainder(known)) is null ? 1 : 0;
            }

            return misses;
        });
        for (var value = 0; value < all; value++)
        {
            table.Put(new Remainder(value), new Number(value, 0));
            Volatile.Write(ref written, value);
        }

        Assert.Equal(0, await reading);
    }
}
