using System.Collections.Immutable;
using Metering.Ingest.Meters;
using Metering.Ingest.Usage;
using Metering.Rating;
using NodaTime;

namespace Metering.Subscriptions.Entitlements.Balances;

/// <summary>Usage by windows of the calendar, each with the balance that it began with.</summary>
internal sealed class WindowedBalances(UsageReader usage, MeterCatalog meters)
{
    /// <param name="segments">In order, without gap.</param>
    public async Task<ImmutableArray<BalanceWindow>> OfAsync(
        BalanceAccount account, ImmutableArray<BurnSegment> segments, UsageWindow window, DateTimeZone zone, CancellationToken cancellationToken)
    {
        var meter = account.Entitlement.Meter;
        if (segments.IsEmpty || account.Subjects.IsEmpty || await meters.FindAsync(meter.Slug, cancellationToken) is null)
        {
            return [];
        }

        var (from, to) = (segments[0].Period.Start, segments[^1].Period.End);
        var query = meter.Query(from, to) with { Subjects = account.Subjects, Window = window, Zone = zone };
        var rows = (await usage.ReadAsync(query, cancellationToken)).Where(row => row.Value != 0m).ToList();
        var result = ImmutableArray.CreateBuilder<BalanceWindow>(rows.Count);
        var (segment, used) = (0, 0m);
        foreach (var row in rows)
        {
            var (start, end) = (Instant.Max(row.Start, from), Instant.Min(row.End, to));
            while (segments[segment].Period.End <= start)
            {
                (segment, used) = (segment + 1, 0m);
            }

            result.Add(new BalanceWindow(
                new PeriodSpan(start, end), row.Value, Math.Max(0m, segments[segment].BalanceAtStart - used)));
            used += row.Value;

            // A window that reaches into later segments: only what it used since the last of them began takes from that one's balance.
            var last = segment;
            while (segments[last].Period.End < end)
            {
                last++;
            }

            if (last > segment)
            {
                var rest = meter.Query(segments[last].Period.Start, end) with { Subjects = account.Subjects };
                (segment, used) = (last, (await usage.ReadAsync(rest, cancellationToken)).Sum(part => part.Value));
            }
        }

        return result.DrainToImmutable();
    }
}

/// <summary>One window with usage.</summary>
internal sealed record BalanceWindow(PeriodSpan Period, decimal Usage, decimal BalanceAtStart);
