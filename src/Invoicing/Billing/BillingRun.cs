using System.Collections.Immutable;
using System.Diagnostics;
using Metering.Ingest.Usage;
using Metering.Invoicing.Invoices;
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
        var billed = await BilledServices.EndingFromAsync(
            session, subscription.Id, cursor.BilledThrough, subscription.Currency, cancellationToken);
        if (NextBoundary(subscription, cursor, billed) is not { } boundary || boundary > now)
        {
            await cursor.PostponeAsync(session, NextBoundary(subscription, cursor, billed), cancellationToken);
            return;
        }

        var plan = await PlanAsync(session, subscription, profile.Workflow, cursor, boundary, billed, cancellationToken);
        var watermark = await usage.CurrentWatermarkAsync(cancellationToken);
        var rated = await rating.RateAsync(subscription, plan.Lines, watermark, now, cancellationToken);
        var waits = Waits(profile.Workflow, plan.Lines, boundary, now);
        if (!waits && !rated.Blocks.IsEmpty)
        {
            // Unpriced is not free: the period stays open, and whoever sees the list gives it a price or corrects the events.
            var since = blocked?.Boundary == boundary ? blocked.Since : now;
            await BlockAsync(session, subscription, cursor, boundary, rated.Blocks, watermark, since, now, cancellationToken);
            return;
        }

        var settled = await SettleAsync(session, subscription, plan, rated.Lines, now, cancellationToken);
        var shown = waits ? settled : LineRating.Shown(settled);
        var lines = await CommitmentRating.AddAsync(session, subscription, shown, cursor.BilledThrough, boundary, now, cancellationToken);
        var invoiceId = await drafting.BillAsync(session, subscription, profile, lines, watermark, boundary, waits, now, cancellationToken);
        var remembered = await BilledServices.EndingFromAsync(session, subscription.Id, boundary, subscription.Currency, cancellationToken);
        var next = NextBoundary(subscription, cursor with { BilledThrough = boundary }, remembered);
        await cursor.CloseAsync(session, boundary, invoiceId, next, now, cancellationToken);
        if (blocked is not null)
        {
            logger.PeriodUnblocked(cursor.SubscriptionId, boundary);
        }
    }

    /// <summary>What the boundary bills, without what an invoice that was asked for in between has billed already.</summary>
    private static async Task<BillingPlan> PlanAsync(
        DbSession session, BillableSubscription subscription, BillingWorkflow workflow, BillingCursor cursor, Instant boundary,
        ImmutableArray<BilledService> billed, CancellationToken cancellationToken)
    {
        var plan = PlanFor(subscription, cursor, boundary, billed);
        if (workflow.BillsFullLastPeriod)
        {
            plan = plan.DueInFullAt(subscription.ActiveTo);
        }

        var left = await LineCoverage.CutAsync(session, subscription.Id, plan.Lines, cancellationToken);
        var kept = left.Select(KeyOf).ToHashSet();
        return plan with { Lines = left, Covered = [.. plan.Lines.Where(line => !kept.Contains(KeyOf(line)))] };

        static (Guid, Instant) KeyOf(PlannedLine line) => (line.RateCard.ItemId, line.Period.Served.Start);
    }

    /// <summary>A period that ends is billed when late usage has been waited for; one that only opens is billed as soon as it is collected.</summary>
    private static bool Waits(BillingWorkflow workflow, ImmutableArray<PlannedLine> planned, Instant boundary, Instant now)
    {
        var collectedFrom = workflow.CollectedFrom(boundary);
        return (planned.Any(line => line.NeedsUsage) ? workflow.CollectionEnd(collectedFrom) : collectedFrom) > now;
    }

    /// <summary>Keeps the account of what is billed, and adds to the lines what settles it.</summary>
    private static async Task<ImmutableArray<InvoiceLine>> SettleAsync(
        DbSession session, BillableSubscription subscription, BillingPlan plan, ImmutableArray<InvoiceLine> rated, Instant now,
        CancellationToken cancellationToken)
    {
        var corrected = plan.Corrections.Select(correction => LineRating.Correct(subscription, correction, now)).ToImmutableArray();
        ImmutableArray<BilledService> account =
        [
            .. plan.Lines.Zip(rated, BilledService.Of),
            .. plan.Covered.Select(line => BilledService.Of(line, LineRating.Unused(subscription, line, now))),
            .. corrected.Select(correction => correction.After),
        ];
        await BilledServices.SaveAsync(session, subscription.Id, account, cancellationToken);
        return [.. rated, .. corrected.Select(correction => correction.Line).OfType<InvoiceLine>()];
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

    /// <summary>
    /// A subscription that was ended just where it is billed to has no further boundary, and the last one is settled once more if that gives
    /// something back.
    /// </summary>
    private static Instant? NextBoundary(BillableSubscription subscription, BillingCursor cursor, ImmutableArray<BilledService> billed)
    {
        var boundary = BillingTimeline.NextBoundary(subscription, cursor.BilledThrough);
        return boundary is null && cursor.BilledThrough is { } last && !PlanFor(subscription, cursor, last, billed).IsEmpty ? last : boundary;
    }

    /// <summary>What was billed before there was an account of it is not billed again.</summary>
    private static BillingPlan PlanFor(
        BillableSubscription subscription, BillingCursor cursor, Instant boundary, ImmutableArray<BilledService> billed)
    {
        var plan = BillingPlanner.DueAt(subscription, cursor.BilledThrough, boundary, billed);
        return cursor.ServicesFrom is { } from ? plan with { Lines = plan.Lines.RemoveAll(line => line.DueAt <= from) } : plan;
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
