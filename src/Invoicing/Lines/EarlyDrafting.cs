using System.Collections.Immutable;
using Metering.Ingest.Usage;
using Metering.Invoicing.Billing;
using Metering.Invoicing.Invoices;
using Metering.Invoicing.Lifecycle;
using Metering.Invoicing.Profiles;
using Metering.Platform.Database;
using Metering.Platform.Identifiers;
using Metering.Rating;
using Metering.Subscriptions.Subscribing;
using NodaTime;

namespace Metering.Invoicing.Lines;

/// <summary>Drafts outside of the regular run: what waits and is due, and the usage of running periods up to an instant.</summary>
internal sealed class EarlyDrafting(
    SubscriptionReader subscriptions, UsageReader usage, LineRating rating, InvoiceEngine engine, GatheringInvoices gatherings)
{
    /// <returns>One draft per currency, and the ids that were asked for and are nothing that can be billed.</returns>
    public async Task<(ImmutableArray<Invoice> Invoices, ImmutableArray<Guid> Unknown)> DraftAsync(
        DbSession session, EarlyInvoice asked, Instant now, CancellationToken cancellationToken)
    {
        var profile = await ProfileRow.OfCustomerAsync(session, asked.Customer.Id, cancellationToken);
        var progressive = asked.Progressive ?? profile.Workflow.Invoicing.ProgressiveBilling;
        var waiting = await WaitingAsync(session, asked.Customer.Id, cancellationToken);
        var taken = waiting.SelectMany(gathering => gathering.Lines.Select(line => Take(gathering, line, asked, progressive, now)))
            .OfType<TakenLine>().ToImmutableArray();
        var running = progressive
            ? await RunningAsync(session, asked, now, cancellationToken)
            : [];
        var found = taken.Select(one => one.Asked).Concat(running.Select(one => one.Asked)).ToHashSet();
        var unknown = asked.LineIds?.Where(id => !found.Contains(id)).ToImmutableArray() ?? [];
        if (!unknown.IsEmpty)
        {
            return ([], unknown);
        }

        var drafts = ImmutableArray.CreateBuilder<Invoice>();
        foreach (var group in taken.Concat(running).GroupBy(one => one.Currency).OrderBy(group => group.Key.Code, StringComparer.Ordinal))
        {
            var draft = InvoiceComposition.Draft(
                asked.Customer, profile, group.Key, [.. group.Select(one => one.Billed)], default, asked.AsOf, now);
            var moved = (await engine.MoveAsync(session, draft, InvoiceAction.Advance, now, staysDraft: true, cancellationToken))!;
            if (moved.State == InvoiceState.Deleted)
            {
                // Nothing was charged: what waits goes on waiting.
                continue;
            }

            await InvoiceStore.SaveAsync(session, moved, before: null, cancellationToken);
            await LeaveAsync(session, waiting, [.. group], now, cancellationToken);
            drafts.Add(moved);
        }

        return (drafts.ToImmutable(), []);
    }

    private static async Task<ImmutableArray<Invoice>> WaitingAsync(DbSession session, Guid customerId, CancellationToken cancellationToken)
    {
        var rows = await session.QueryAsync<InvoiceRow>(
            InvoiceRow.SelectSql + " where i.customer_id = @customerId and i.state = 'gathering'", new { customerId }, cancellationToken);
        return await InvoiceRow.WithLinesAsync(session, rows, withDeletedLines: false, cancellationToken);
    }

    /// <summary>A line that is due goes as it is; usage of a period that still runs goes up to now, and the rest goes on waiting. Pure.</summary>
    private static TakenLine? Take(Invoice gathering, InvoiceLine line, EarlyInvoice asked, bool progressive, Instant now)
    {
        if (asked.LineIds is { } ids && !ids.Contains(line.Id))
        {
            return null;
        }

        if (line.MeterSlug is null || line.Period.End <= asked.AsOf)
        {
            return line.InvoiceAt <= asked.AsOf || asked.LineIds is not null
                ? new TakenLine(line.Id, gathering.Currency, line, null)
                : null;
        }

        if (!progressive || asked.AsOf <= line.Period.Start)
        {
            return null;
        }

        // The part that goes is a new line; the one that stays keeps its id and is counted from where the other ends.
        var part = line with
        {
            Id = PublicId.New(now),
            Period = new ServicePeriod(line.Period.Start, asked.AsOf),
            RatedPeriod = StoredLine.UpTo(line.RatedPeriod, asked.AsOf),
            CreatedAt = now,
        };
        var rest = line with
        {
            Period = new ServicePeriod(asked.AsOf, line.Period.End),
            RatedPeriod = StoredLine.From(line.RatedPeriod, asked.AsOf),
        };
        return new TakenLine(line.Id, gathering.Currency, part, rest);
    }

    /// <summary>The usage of the subscriptions' running periods, as far as it is on no document yet.</summary>
    private async Task<ImmutableArray<TakenLine>> RunningAsync(
        DbSession session, EarlyInvoice asked, Instant now, CancellationToken cancellationToken)
    {
        var watermark = await usage.CurrentWatermarkAsync(cancellationToken);
        var taken = ImmutableArray.CreateBuilder<TakenLine>();
        foreach (var subscription in await subscriptions.OfCustomerAsync(asked.Customer.Id, cancellationToken))
        {
            if (subscription.ActiveFrom >= asked.AsOf || subscription.ActiveTo <= asked.AsOf)
            {
                continue;
            }

            var metered = BillingPlanner.LinesRunningAt(subscription, asked.AsOf)
                .Where(line => line.NeedsUsage && line.Period.Billed.Start < asked.AsOf && line.Period.Billed.End > asked.AsOf)
                .Where(line => asked.LineIds is not { } ids || ids.Contains(ReferenceOf(subscription, line)))
                .Select(line => line with { Period = StoredLine.UpTo(line.Period, asked.AsOf), DueAt = asked.AsOf })
                .ToImmutableArray();
            var left = await LineCoverage.CutAsync(session, subscription.Id, metered, cancellationToken);
            var rated = await rating.RateAsync(subscription, left, watermark, now, cancellationToken);
            taken.AddRange(rated.Lines.Zip(left)
                .Where(pair => !pair.First.Charges.IsEmpty || asked.LineIds is not null)
                .Select(pair => new TakenLine(ReferenceOf(subscription, pair.Second), subscription.Currency, pair.First, null)));
        }

        return taken.ToImmutable();
    }

    private static Guid ReferenceOf(BillableSubscription subscription, PlannedLine line) =>
        LineReference.Of(subscription.Id, line.Phase.Key, line.RateCard.Key, line.Period.Served.Start);

    private async Task LeaveAsync(
        DbSession session, ImmutableArray<Invoice> waiting, ImmutableArray<TakenLine> taken, Instant now, CancellationToken cancellationToken)
    {
        var byId = taken.ToDictionary(one => one.Asked);
        foreach (var gathering in waiting.Where(one => one.Lines.Any(line => byId.ContainsKey(line.Id))))
        {
            var left = gathering.Lines.Select(line => byId.TryGetValue(line.Id, out var gone) ? gone.Rest : line).OfType<InvoiceLine>();
            await gatherings.SaveAsync(session, gathering.WithLines([.. left]), now, cancellationToken);
        }
    }

    /// <param name="Asked">The id by which it can be asked for.</param>
    /// <param name="Rest">What goes on waiting; null when nothing does.</param>
    private sealed record TakenLine(Guid Asked, Currency Currency, InvoiceLine Billed, InvoiceLine? Rest);
}
