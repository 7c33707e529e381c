using System.Collections.Immutable;
using System.Diagnostics;
using Metering.Ingest.Usage;
using Metering.Invoicing.Lifecycle;
using Metering.Invoicing.Profiles;
using Metering.Platform.Clock;
using Metering.Platform.Database;
using Metering.Subscriptions.Subscribing;
using Microsoft.Extensions.Logging;
using NodaTime;

namespace Metering.Invoicing.Billing;

/// <summary>
/// Closes what is due, one period of one subscription per transaction: rate, issue, move the cursor. A crash anywhere leaves
/// whole documents and a cursor that says where to go on; two runs at once share the work.
/// </summary>
public sealed class BillingRun(
    MeteringDatabase database,
    SubscriptionReader subscriptions,
    UsageReader usage,
    LineRating rating,
    PeriodDrafting drafting,
    ILogger<BillingRun> logger)
    : IDueWork
{
    private static readonly Duration FirstRetryDelay = Duration.FromMinutes(5);
    private const int MaxRetryDoublings = 8;

    public async Task<Instant?> NextDueAsync(CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(cancellationToken);
        return await BillingCursor.NextDueAsync(session, cancellationToken);
    }

    public async Task RunDueAsync(Instant now, CancellationToken cancellationToken)
    {
        await using (var session = await database.BeginAsync(cancellationToken))
        {
            await BlockedPeriod.RearmAsync(session, now, cancellationToken);
            await session.CommitAsync(cancellationToken);
        }

        while (await CloseNextAsync(now, cancellationToken))
        {
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    /// <summary>Closes one period, or finds that a cursor was early.</summary>
    /// <returns>False when nothing is due that is not being worked on elsewhere.</returns>
    public async Task<bool> CloseNextAsync(Instant now, CancellationToken cancellationToken)
    {
        await using var session = await database.BeginAsync(cancellationToken);
        if (await BillingCursor.TakeDueAsync(session, now, cancellationToken) is not { } cursor)
        {
            return false;
        }

        try
        {
            var closing = Stopwatch.GetTimestamp();
            await CloseAsync(session, cursor, now, cancellationToken);
            await session.CommitAsync(cancellationToken);
            InvoicingMetrics.PeriodClosed(Stopwatch.GetElapsedTime(closing));
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            // One subscription that cannot be billed must not hold up the others: it is kept, visible, and tried again.
            await session.DisposeAsync();
            await RememberFailureAsync(cursor, exception, now, cancellationToken);
        }

        return true;
    }

    private async Task CloseAsync(DbSession session, BillingCursor cursor, Instant now, CancellationToken cancellationToken)
    {
        var subscription = await subscriptions.FindAsync(cursor.SubscriptionId, cancellationToken)
            ?? throw new InvalidOperationException($"Subscription {cursor.SubscriptionId} has a billing cursor and does not exist.");
        var profile = await ProfileRow.OfCustomerAsync(session, subscription.Customer.Id, cancellationToken);
        var blocked = await BlockedPeriod.TakeAsync(session, cursor.SubscriptionId, cancellationToken);
        if (BillingTimeline.NextBoundary(subscription, cursor.BilledThrough) is not { } boundary || boundary > now)
        {
            await cursor.PostponeAsync(session, BillingTimeline.NextBoundary(subscription, cursor.BilledThrough), cancellationToken);
            return;
        }

        var planned = await PlannedAsync(session, subscription, profile.Workflow, cursor, boundary, cancellationToken);
        var watermark = await usage.CurrentWatermarkAsync(cancellationToken);
        var rated = await rating.RateAsync(subscription, planned, watermark, now, cancellationToken);
        var waits = Waits(profile.Workflow, planned, boundary, now);
        if (!waits && !rated.Blocks.IsEmpty)
        {
            // Unpriced is not free: the period stays open, and whoever sees the list gives it a price or corrects the events.
            var since = blocked?.Boundary == boundary ? blocked.Since : now;
            await BlockAsync(session, subscription, cursor, boundary, rated.Blocks, watermark, since, now, cancellationToken);
            return;
        }

        var spoken = waits ? rated.Lines : rated.WithoutSilentLines().Lines;
        var lines = await CommitmentRating.AddAsync(session, subscription, spoken, cursor.BilledThrough, boundary, now, cancellationToken);
        var invoiceId = await drafting.BillAsync(session, subscription, profile, lines, watermark, boundary, waits, now, cancellationToken);
        await cursor.CloseAsync(
            session, boundary, invoiceId, BillingTimeline.NextBoundary(subscription, boundary), now, cancellationToken);
        if (blocked is not null)
        {
            logger.PeriodUnblocked(cursor.SubscriptionId, boundary);
        }
    }

    /// <summary>The lines of the boundary, without what an invoice that was asked for in between has billed already.</summary>
    private static async Task<ImmutableArray<PlannedLine>> PlannedAsync(
        DbSession session, BillableSubscription subscription, BillingWorkflow workflow, BillingCursor cursor, Instant boundary,
        CancellationToken cancellationToken)
    {
        var planned = BillingPlanner.LinesDueAt(subscription, cursor.BilledThrough, boundary);
        if (workflow.BillsFullLastPeriod)
        {
            planned = [.. planned.Select(line => line with { DueInFull = line.Period.Served.End == subscription.ActiveTo })];
        }

        return await LineCoverage.CutAsync(session, subscription.Id, planned, cancellationToken);
    }

    /// <summary>A period that ends is billed when late usage has been waited for; one that only opens is billed as soon as it is collected.</summary>
    private static bool Waits(BillingWorkflow workflow, ImmutableArray<PlannedLine> planned, Instant boundary, Instant now)
    {
        var collectedFrom = workflow.CollectedFrom(boundary);
        return (planned.Any(line => line.NeedsUsage) ? workflow.CollectionEnd(collectedFrom) : collectedFrom) > now;
    }

    private async Task BlockAsync(
        DbSession session, BillableSubscription subscription, BillingCursor cursor, Instant boundary, ImmutableArray<BlockReason> reasons,
        Watermark watermark, Instant since, Instant now, CancellationToken cancellationToken)
    {
        var from = cursor.BilledThrough ?? subscription.ActiveFrom;
        await BlockedPeriod.PutAsync(session, subscription, from, boundary, reasons, watermark, since, now, cancellationToken);
        await cursor.PostponeAsync(session, null, cancellationToken);
        if (since == now)
        {
            InvoicingMetrics.PeriodBlocked();
            logger.PeriodBlocked(subscription.Id, boundary, reasons.Length);
        }
    }

    private async Task RememberFailureAsync(BillingCursor cursor, Exception exception, Instant now, CancellationToken cancellationToken)
    {
        var retryAt = now + (FirstRetryDelay * (1 << Math.Min(cursor.Failures, MaxRetryDoublings)));
        logger.BillingFailed(exception, cursor.SubscriptionId, retryAt);
        InvoicingMetrics.Failed();
        await using var session = await database.BeginAsync(cancellationToken);
        await cursor.FailAsync(session, exception.Message, retryAt, cancellationToken);
        await session.CommitAsync(cancellationToken);
    }
}
