using System.Collections.Immutable;
using NodaTime;

namespace Metering.Rating;

/// <summary>What grants allow of a gauge: a meter of the kinds latest, maximum or average, which tells a level and not an amount used up.</summary>
/// <remarks>
/// A level is not burnt: ten seats in use today and ten tomorrow are ten seats, not twenty. So for a gauge the amounts of the grants in force
/// add up to a limit, and the reading is held against it. Priorities, recurrence, rollover and resets have no effect: a grant offers its
/// whole amount as long as it is in force.
/// </remarks>
public sealed record GaugeLimit
{
    private GaugeLimit(decimal limit, decimal reading)
    {
        Limit = limit;
        Reading = reading;
    }

    /// <summary>The sum of the amounts of the grants in force.</summary>
    public decimal Limit { get; }

    /// <summary>What the gauge shows; zero or above.</summary>
    public decimal Reading { get; }

    /// <summary>How much the gauge may still rise; zero at and above the limit.</summary>
    public decimal Balance => Math.Max(0m, Limit - Reading);

    /// <summary>How far the gauge is above the limit; zero at and below it.</summary>
    public decimal Overage => Math.Max(0m, Reading - Limit);

    /// <summary>Holds a reading against the grants in force at an instant. A reading below zero counts as zero.</summary>
    /// <param name="grants">All grants of the balance.</param>
    /// <param name="at">The instant asked about; whatever the reading covers, it is held against the limit at this instant.</param>
    /// <param name="reading">The last value, or the largest or the average one of the usage period so far, as the meter says.</param>
    /// <exception cref="ArgumentOutOfRangeException">The reading, or the sum of the grants, is not within <see cref="GrantBounds"/>.</exception>
    public static GaugeLimit At(ImmutableArray<Grant> grants, Instant at, decimal reading)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(reading, RatingBounds.QuantityMax);
        GrantBounds.CheckCount(grants.Length, GrantBounds.GrantsMax, "Grants");
        var limit = grants.Where(grant => grant.IsInForceAt(at)).Sum(grant => grant.Amount);
        return new GaugeLimit(GrantBounds.CheckedSum(limit, "The limit"), Math.Max(0m, reading));
    }
}
