using System.Collections.Immutable;
using System.Numerics;
using Metering.Ingest.Meters;
using Metering.Ingest.Meters.Expressions;
using NodaTime;

namespace Metering.Ingest.Usage;

/// <summary>
/// What the level of one series comes to: each value times the hours for which it was the latest. Before the first value there is no level;
/// the last one is carried to the end of what is asked, over as many windows as that takes.
/// <code>
/// values       4           10     7
///              |-----------|------|---------------------
/// windows   ----)[------------------)[-----------------)
/// first window   4 × its hours + 10 × its hours + a part of 7's; the second has the other part
/// </code>
/// Values come in order of time, and of key at one time. Added up in integers, so that windows come to exactly what their whole does.
/// </summary>
internal sealed class LevelIntegral(Instant from, Instant to, ImmutableArray<Instant> boundaries, Action<int, BigInteger> add)
{
    private const long TicksPerHour = 36_000_000_000;

    private Instant since = Instant.MaxValue;
    private decimal level;

    public void Add(Instant at, decimal value)
    {
        Hold(at);
        (since, level) = (at, value);
    }

    public void End() => Hold(to);

    /// <summary>To hours, half away from zero at the twelfth decimal.</summary>
    public static decimal ToHours(BigInteger weighted)
    {
        var magnitude = ((BigInteger.Abs(weighted) * 2) + TicksPerHour) / (2 * TicksPerHour);
        return (decimal)(weighted.Sign * magnitude) / (decimal)Unit;
    }

    private static BigInteger Unit => BigInteger.Pow(10, EventValue.Decimals);

    private void Hold(Instant until)
    {
        var start = Instant.Max(since, from);
        var scaled = Scaled(level);
        while (start < until && start < to)
        {
            var window = WindowOf(start);
            var end = Instant.Min(Instant.Min(until, to), boundaries.IsEmpty ? to : boundaries[window + 1]);
            add(window, scaled * (end.ToUnixTimeTicks() - start.ToUnixTimeTicks()));
            start = end;
        }
    }

    private int WindowOf(Instant instant)
    {
        if (boundaries.IsEmpty)
        {
            return 0;
        }

        var found = boundaries.BinarySearch(instant);
        return found >= 0 ? found : ~found - 1;
    }

    private static BigInteger Scaled(decimal value)
    {
        var (unscaled, scale) = Fraction.Unscaled(value);
        return scale <= EventValue.Decimals
            ? unscaled * BigInteger.Pow(10, EventValue.Decimals - scale)
            : unscaled / BigInteger.Pow(10, scale - EventValue.Decimals);
    }
}
