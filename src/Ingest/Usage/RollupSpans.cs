using System.Collections.Immutable;
using NodaTime;

namespace Metering.Ingest.Usage;

/// <summary>
/// Which part of whole hours settled days can answer, and which part the hours must.
/// <code>
/// asked      |--------------------------------------------)
/// days     |--------|--------|--------|--------|--------|--------|
/// settled      yes      yes      yes      no       yes      yes
/// a window begins                  ^
/// days               [-------)                  [-------)
/// hours      [-------)       [-----------------)        [-)
/// </code>
/// </summary>
/// <param name="Days">Half-open runs of whole days of UTC, at most <see cref="MaxRuns"/>.</param>
/// <param name="Hours">Half-open, in order, what is left.</param>
internal sealed record RollupSpans(ImmutableArray<(Instant From, Instant To)> Days, ImmutableArray<(Instant From, Instant To)> Hours)
{
    /// <summary>Each is a part of the statement; what is left of more of them is small enough for hours.</summary>
    public const int MaxRuns = 4;

    private static readonly Duration Day = Duration.FromDays(1);

    /// <param name="boundaries">Where windows begin and the last one ends; empty when there are none.</param>
    /// <param name="settled">Days within what is asked, in order.</param>
    public static RollupSpans Of(UsageSplit split, ImmutableArray<Instant> boundaries, IReadOnlyList<Instant> settled)
    {
        var runs = new List<(Instant From, Instant To)>();
        foreach (var day in settled.Where(day => IsWhole(day, split, boundaries)))
        {
            if (runs.Count > 0 && runs[^1].To == day)
            {
                runs[^1] = (runs[^1].From, day + Day);
            }
            else
            {
                runs.Add((day, day + Day));
            }
        }

        // The longest ones save most.
        ImmutableArray<(Instant From, Instant To)> days =
            [.. runs.OrderByDescending(run => run.To - run.From).Take(MaxRuns).OrderBy(run => run.From)];
        var hours = ImmutableArray.CreateBuilder<(Instant From, Instant To)>();
        var from = split.RollupFrom;
        foreach (var run in days.Append((split.RollupTo, split.RollupTo)))
        {
            if (from < run.Item1)
            {
                hours.Add((from, run.Item1));
            }

            from = run.Item2;
        }

        return new RollupSpans(days, hours.ToImmutable());
    }

    /// <summary>Whether all hours of the day are asked for and fall into one window.</summary>
    private static bool IsWhole(Instant day, UsageSplit split, ImmutableArray<Instant> boundaries) =>
        day >= split.RollupFrom && day + Day <= split.RollupTo
        && !HoldsAny(split.ExcludedHours, day) && !HoldsAny(boundaries, day + Duration.Epsilon);

    /// <summary>Whether one of the instants, which are in order, lies from an instant to the end of its day.</summary>
    private static bool HoldsAny(ImmutableArray<Instant> instants, Instant from)
    {
        var found = instants.BinarySearch(from);
        var at = found >= 0 ? found : ~found;
        var end = Instant.FromUnixTimeSeconds((from.ToUnixTimeSeconds() / 86_400 * 86_400) + 86_400);
        return at < instants.Length && instants[at] < end;
    }
}
