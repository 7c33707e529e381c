using NodaTime;

namespace Metering.Rating;

/// <summary>A stretch of time that is served, metered or billed: half-open, <c>[Start, End)</c>, never empty, never infinite.</summary>
/// <remarks>
/// <para>An instant on the boundary of two periods belongs to the one that starts there.</para>
/// <para>Both ends are whole microseconds: what is finer is cut off on construction, so that a period equals itself after storage.</para>
/// </remarks>
public sealed record ServicePeriod
{
    /// <summary>The period from <paramref name="start"/> (contained) to <paramref name="end"/> (not contained).</summary>
    /// <exception cref="ArgumentException">The end is not at least one microsecond after the start.</exception>
    public ServicePeriod(Instant start, Instant end)
    {
        Start = start.ToMicroseconds();
        End = end.ToMicroseconds();
        if (End <= Start)
        {
            throw new ArgumentException($"A service period ends after it starts; {end.ToText()} is not after {start.ToText()}.", nameof(end));
        }
    }

    /// <summary>The first instant of the period.</summary>
    public Instant Start { get; }

    /// <summary>The first instant after the period.</summary>
    public Instant End { get; }

    /// <summary>The elapsed time; a local day has 23 or 25 hours when the clocks change.</summary>
    public Duration Duration => End - Start;

    /// <summary>The elapsed time in microseconds, at least 1. The measure by which fees are prorated.</summary>
    public long Microseconds => End.MicrosecondsSince1970() - Start.MicrosecondsSince1970();

    /// <summary>Whether the instant is in the period: the start is, the end is not.</summary>
    public bool Contains(Instant instant) => Start <= instant && instant < End;

    /// <summary>Whether the other period lies wholly in this one; a period contains itself.</summary>
    public bool Contains(ServicePeriod other) => Start <= other.Start && other.End <= End;

    /// <summary>Whether the two periods share any instant; neighbours do not.</summary>
    public bool Overlaps(ServicePeriod other) => Start < other.End && other.Start < End;

    /// <summary>What the two periods share, or null when they share nothing.</summary>
    public ServicePeriod? Intersect(ServicePeriod other) =>
        Overlaps(other) ? new ServicePeriod(Instant.Max(Start, other.Start), Instant.Min(End, other.End)) : null;

    /// <summary>The two periods before and from an instant strictly inside this one.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The instant is on an end or outside.</exception>
    public (ServicePeriod Before, ServicePeriod From) SplitAt(Instant instant)
    {
        var at = instant.ToMicroseconds();
        return Start < at && at < End
            ? (new ServicePeriod(Start, at), new ServicePeriod(at, End))
            : throw new ArgumentOutOfRangeException(nameof(instant), instant, $"The instant is not strictly inside {this}.");
    }

    /// <summary>The same as NodaTime's half-open interval.</summary>
    public Interval ToInterval() => new(Start, End);

    /// <summary>ISO 8601: <c>2026-01-01T00:00:00Z/2026-02-01T00:00:00Z</c>.</summary>
    public override string ToString() => $"{Start.ToText()}/{End.ToText()}";
}
