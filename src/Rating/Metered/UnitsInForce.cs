using System.Collections.Immutable;
using NodaTime;

namespace Metering.Rating;

/// <summary>
/// Units that stay in force until they are given up, such as seats or reserved capacity, and so are paid for the time in which they are.
/// </summary>
/// <remarks>
/// <para>
/// <code>
/// units 15 |              [======)          tier 2: the average over the period of what lies above 5
///        5 |     [========[======[=====)    tier 1: the average of what lies up to 5
///          full period [---------------)
/// </code>
/// What such a period used is the average of its level: five seats for half of the period are 2.5 seats. A tier has the average of what lay in
/// it, and was entered when the level was in it at any time. <see cref="RatingInput.Proration"/> says what a stretch of time weighs: by elapsed
/// time, by calendar days, or, without proration, in full however short units were in force.
/// </para>
/// <para>
/// A level below zero counts as zero and is remembered: three units given up too much are made good before a fourth comes into force. The order
/// in which changes are given does not matter.
/// </para>
/// </remarks>
public sealed class UnitsInForce
{
    /// <summary>Most changes.</summary>
    public const int ChangesMax = 10_000;

    // What is in force from an instant on; the first entry has no beginning.
    private readonly ImmutableArray<(Instant From, decimal Units)> levels;

    /// <summary>A level over time.</summary>
    /// <param name="carried">What is in force before the first change.</param>
    /// <param name="changes">In any order; may reach beyond the period on both sides.</param>
    /// <exception cref="ArgumentOutOfRangeException">
    /// There are more than <see cref="ChangesMax"/> changes, or a level is not within <see cref="RatingBounds.QuantityMax"/>.
    /// </exception>
    public UnitsInForce(decimal carried, ImmutableArray<UnitChange> changes)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(changes.Length, ChangesMax, nameof(changes));
        Carried = carried;
        Changes = changes;
        var units = Bounded(carried);
        var found = ImmutableArray.CreateBuilder<(Instant, decimal)>();
        found.Add((Instant.MinValue, units));
        foreach (var together in changes.GroupBy(change => change.At.ToMicroseconds()).OrderBy(group => group.Key))
        {
            units = Bounded(units + together.Sum(change => change.Units));
            found.Add((together.Key, units));
        }

        levels = found.ToImmutable();
    }

    /// <summary>None; for usage that is a sum.</summary>
    public static UnitsInForce None { get; } = new(0m, []);

    /// <summary>What is in force before the first change.</summary>
    public decimal Carried { get; }

    /// <summary>What comes into force and is given up, as given.</summary>
    public ImmutableArray<UnitChange> Changes { get; }

    /// <summary>The levels from the start of the served period up to an end of the line; null when there is no time between.</summary>
    internal UnitLevels LevelsAt(Reading reading, LinePeriod line, Proration proration)
    {
        var end = reading == Reading.End ? line.Billed.End : line.Billed.Start;
        return end == line.Served.Start ? UnitLevels.None : Within(new ServicePeriod(line.Served.Start, end), line.Full, proration);
    }

    /// <summary>The levels of a stretch of a full period.</summary>
    internal UnitLevels Within(ServicePeriod stretch, ServicePeriod full, Proration proration)
    {
        var found = ImmutableArray.CreateBuilder<UnitLevel>();
        for (var i = 0; i < levels.Length; i++)
        {
            var from = Instant.Max(levels[i].From, stretch.Start);
            var to = i + 1 < levels.Length ? Instant.Min(levels[i + 1].From, stretch.End) : stretch.End;
            if (from < to)
            {
                found.Add(new UnitLevel(Math.Max(0m, levels[i].Units), proration.ShareOf(new ServicePeriod(from, to), full)));
            }
        }

        return new UnitLevels(found.ToImmutable());
    }

    private static decimal Bounded(decimal units)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Math.Abs(units), RatingBounds.QuantityMax, nameof(units));
        return units;
    }
}
