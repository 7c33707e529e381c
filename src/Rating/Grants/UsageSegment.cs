namespace Metering.Rating;

/// <summary>How much was used in a stretch of time.</summary>
/// <remarks>
/// <para>
/// A segment must lie within one burn phase, since nobody can say how much of it was used before the grants changed and how much after;
/// <see cref="BurnDown.PhasesOf"/> tells beforehand where to cut. Several segments may cover the same time: they add up.
/// </para>
/// <para>
/// What corrections bring below zero counts as zero, as in <see cref="Usage"/>: what was burnt is not put back, because the grant may have
/// ended since. To correct usage, run again from a snapshot before it.
/// </para>
/// </remarks>
public sealed record UsageSegment
{
    /// <summary>A quantity within a period.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The quantity is not within <see cref="GrantBounds"/>.</exception>
    public UsageSegment(ServicePeriod period, decimal quantity)
    {
        ArgumentNullException.ThrowIfNull(period);
        Period = period;
        Quantity = GrantBounds.Checked(Math.Max(0m, quantity), nameof(quantity));
    }

    /// <summary>When it was used.</summary>
    public ServicePeriod Period { get; }

    /// <summary>How much, in the units of the grants; zero or above. Units are converted before.</summary>
    public decimal Quantity { get; }
}
