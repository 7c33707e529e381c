using System.Collections.Immutable;
using Metering.Ingest.Meters;
using Metering.Ingest.Usage;
using Metering.Rating;
using Metering.Subscriptions.Features;
using NodaTime;

namespace Metering.Subscriptions.Entitlements.Balances;

/// <summary>Asks a meter for the usage of burn phases, in as few questions as their edges allow.</summary>
internal sealed class PhaseUsage(UsageReader usage, MeterCatalog meters)
{
    /// <summary>More usage than this in one phase is this much: enough to exhaust every balance, with room for sums.</summary>
    public const decimal MaxUsage = 1_000_000_000_000_000m;

    // Below this many phases each is asked for by itself; above, windows that no phase cuts are added up.
    private const int PhasesToAskOneByOne = 4;
    private const int MaxWindows = 50_000;

    /// <param name="phases">In order, without gap.</param>
    /// <param name="openTo">Up to where usage counts as that of the last phase.</param>
    public async Task<ImmutableArray<UsageSegment>> OfAsync(
        FeatureMeter meter, ImmutableArray<string> subjects, ImmutableArray<ServicePeriod> phases, Instant openTo,
        CancellationToken cancellationToken)
    {
        // A meter that was deleted counts nothing any more; what it had counted is gone with it.
        if (phases.IsEmpty || subjects.IsEmpty || await meters.FindAsync(meter.Slug, cancellationToken) is null)
        {
            return [];
        }

        var segments = ImmutableArray.CreateBuilder<UsageSegment>();
        var rest = phases;
        if (phases.Length > PhasesToAskOneByOne && WindowFor(phases) is { } window)
        {
            // The last phase ends anywhere; all others end on edges of windows.
            rest = [phases[^1]];
            var query = meter.Query(phases[0].Start, rest[0].Start) with { Subjects = subjects, Window = window };
            foreach (var row in await usage.ReadAsync(query, cancellationToken))
            {
                var start = Instant.Max(row.Start, phases[0].Start);
                var end = Instant.Min(row.End, rest[0].Start);
                segments.Add(new UsageSegment(new ServicePeriod(start, end), Quantity(row.Value)));
            }
        }

        foreach (var (i, phase) in rest.Index())
        {
            var end = i == rest.Length - 1 ? Instant.Max(phase.End, openTo) : phase.End;
            var query = meter.Query(phase.Start, end) with { Subjects = subjects };
            var value = (await usage.ReadAsync(query, cancellationToken)).Sum(row => row.Value);
            segments.Add(new UsageSegment(phase, Quantity(value)));
        }

        return segments.DrainToImmutable();
    }

    /// <summary>What a meter that tells a level shows; 0 when it has seen nothing.</summary>
    public async Task<decimal> LevelAsync(
        FeatureMeter meter, ImmutableArray<string> subjects, Instant from, Instant to, CancellationToken cancellationToken)
    {
        if (from >= to || subjects.IsEmpty || await meters.FindAsync(meter.Slug, cancellationToken) is null)
        {
            return 0m;
        }

        var rows = await usage.ReadAsync(meter.Query(from, to) with { Subjects = subjects }, cancellationToken);
        return Quantity(rows.Sum(row => row.Value));
    }

    private static UsageWindow? WindowFor(ImmutableArray<ServicePeriod> phases)
    {
        var edges = phases.Skip(1).Select(phase => phase.Start);
        var length = phases[^1].Start - phases[0].Start;
        return edges.All(edge => IsMultiple(edge, NodaConstants.TicksPerDay)) && length.TotalDays < MaxWindows ? UsageWindow.Day
            : edges.All(edge => IsMultiple(edge, NodaConstants.TicksPerHour)) && length.TotalHours < MaxWindows ? UsageWindow.Hour
            : null;
    }

    private static decimal Quantity(decimal value) =>
        decimal.Round(Math.Min(value, MaxUsage), RatingBounds.DecimalsMax, MidpointRounding.AwayFromZero);

    private static bool IsMultiple(Instant instant, long ticks) => instant.ToUnixTimeTicks() % ticks == 0;
}
