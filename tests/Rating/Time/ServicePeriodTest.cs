using NodaTime;

namespace Metering.Rating.Tests;

public sealed class ServicePeriodTest
{
    private static readonly Instant Noon = Instant.FromUtc(2026, 1, 1, 12, 0);
    private static readonly ServicePeriod Hour = new(Noon, Noon + Duration.FromHours(1));

    [Fact]
    public void A_period_contains_its_start_and_not_its_end()
    {
        Assert.True(Hour.Contains(Hour.Start));
        Assert.True(Hour.Contains(Hour.End - Duration.FromNanoseconds(1)));
        Assert.False(Hour.Contains(Hour.End));
        Assert.False(Hour.Contains(Hour.Start - Duration.FromNanoseconds(1)));
        Assert.Equal(3_600_000_000, Hour.Microseconds);
        Assert.Equal(Duration.FromHours(1), Hour.Duration);
    }

    [Fact]
    public void A_period_is_never_empty_even_after_its_ends_are_cut_to_microseconds()
    {
        Assert.Throws<ArgumentException>(() => new ServicePeriod(Noon, Noon));
        Assert.Throws<ArgumentException>(() => new ServicePeriod(Noon, Noon - Duration.FromHours(1)));
        Assert.Throws<ArgumentException>(() => new ServicePeriod(Noon, Noon + Duration.FromNanoseconds(999)));
        Assert.Equal(1, new ServicePeriod(Noon, Noon + Duration.FromNanoseconds(1999)).Microseconds);
    }

    [Fact]
    public void Instants_are_cut_down_to_the_microsecond_before_and_after_1970()
    {
        var epoch = NodaConstants.UnixEpoch;
        Assert.Equal(epoch, (epoch + Duration.FromNanoseconds(999)).ToMicroseconds());
        Assert.Equal(epoch - Duration.FromNanoseconds(1000), (epoch - Duration.FromNanoseconds(1)).ToMicroseconds());
        Assert.Equal(Noon, Noon.ToMicroseconds());
    }

    [Fact]
    public void Overlap_is_what_two_periods_share_and_neighbours_share_nothing()
    {
        const string table = """
            a     b      shared  a contains b
            0..4  4..6   -       no
            0..4  2..6   2..4    no
            0..4  1..3   1..3    yes
            0..4  0..4   0..4    yes
            0..4  -2..1  0..1    no
            0..4  -2..0  -       no
            0..4  -1..9  0..4    no
            """;
        foreach (var row in TextTable.Rows(table))
        {
            var (a, b) = (Days(row["a"]), Days(row["b"]));
            var shared = row.IsEmpty("shared") ? null : Days(row["shared"]);
            Assert.Equal((row.ToString(), shared), (row.ToString(), a.Intersect(b)));
            Assert.Equal(shared, b.Intersect(a));
            Assert.Equal(shared is not null, a.Overlaps(b));
            Assert.Equal(row["a contains b"] == "yes", a.Contains(b));
        }
    }

    [Fact]
    public void A_period_splits_strictly_inside()
    {
        var (before, from) = Hour.SplitAt(Noon + Duration.FromMinutes(20));
        Assert.Equal("2026-01-01T12:00:00Z/2026-01-01T12:20:00Z", before.ToString());
        Assert.Equal("2026-01-01T12:20:00Z/2026-01-01T13:00:00Z", from.ToString());
        Assert.Throws<ArgumentOutOfRangeException>(() => Hour.SplitAt(Hour.Start));
        Assert.Throws<ArgumentOutOfRangeException>(() => Hour.SplitAt(Hour.End));
        Assert.Equal("2026-01-01T12:00:00Z/2026-01-01T12:00:00.000001Z", new ServicePeriod(Noon, Noon + Duration.FromNanoseconds(1000)).ToString());
        Assert.Equal(new Interval(Hour.Start, Hour.End), Hour.ToInterval());
    }

    [Fact]
    public void The_periods_of_a_line_lie_within_each_other()
    {
        var (wide, inner) = (Days("0..10"), Days("2..8"));
        Assert.Throws<ArgumentException>(() => new LinePeriod(inner, wide, wide));
        Assert.Throws<ArgumentException>(() => new LinePeriod(wide, inner, wide));
        var line = new LinePeriod(wide, inner, Days("2..4"));
        Assert.True(line.OpensPeriod && !line.ClosesPeriod);
        Assert.True(LinePeriod.Partly(wide, inner) is { OpensPeriod: true, ClosesPeriod: true });
    }

    private static ServicePeriod Days(string text) =>
        text.Split("..") is [var start, var end]
            ? new ServicePeriod(Noon + Duration.FromDays(int.Parse(start)), Noon + Duration.FromDays(int.Parse(end)))
            : throw new FormatException(text);
}
