using System.Collections.Immutable;
using Metering.Ingest.Usage;
using Metering.Invoicing.Billing;
using Metering.Invoicing.Invoices;
using Metering.Subscriptions.Subscribing;
using NodaTime;

namespace Metering.Invoicing.Tests.Support;

/// <summary>A subscription billed boundary by boundary without a database: what the billing run does, with its account in memory.</summary>
internal sealed class BillingRecord
{
    private readonly Dictionary<(Guid, Instant), BilledService> account = [];

    public Instant? BilledThrough { get; private set; }

    public List<(BillingPlan Plan, ImmutableArray<InvoiceLine> Lines)> Closed { get; } = [];

    /// <summary>Items of tests that name none get one each, by their place.</summary>
    public static BillableSubscription WithItems(BillableSubscription subscription) => subscription with
    {
        Phases =
        [
            .. subscription.Phases.Index().Select(phase => phase.Item with
            {
                RateCards =
                [
                    .. phase.Item.RateCards.Index().Select(card => card.Item.ItemId != Guid.Empty ? card.Item : card.Item with
                    {
                        ItemId = new Guid(phase.Index, (short)card.Index, 0x7000, new byte[8]),
                    }),
                ],
            }),
        ],
    };

    /// <summary>Closes the next boundary, or settles the last one once more; false when neither is there by an instant.</summary>
    public bool CloseNext(BillableSubscription subscription, Func<PlannedLine, decimal> usage, Instant? until = null)
    {
        var billable = WithItems(subscription);
        ImmutableArray<BilledService> billed = [.. account.Values.Where(service => BilledThrough is null || service.Full.End >= BilledThrough)];
        var boundary = BillingTimeline.NextBoundary(billable, BilledThrough);
        if (boundary is null && BilledThrough is { } last && !BillingPlanner.DueAt(billable, last, last, billed).IsEmpty)
        {
            boundary = last;
        }

        if (boundary is not { } next || next > until)
        {
            return false;
        }

        var plan = BillingPlanner.DueAt(billable, BilledThrough, next, billed);
        var lines = ImmutableArray.CreateBuilder<InvoiceLine>();
        foreach (var planned in plan.Lines)
        {
            var metered = planned.NeedsUsage ? LineUsage.Of(usage(planned)) : null;
            lines.Add(LineRating.Rate(LineContext.Of(billable), planned, metered, new Watermark(42), next));
            var service = BilledService.Of(planned, lines[^1]);
            account.Add(service.Key, service);
        }

        foreach (var correction in plan.Corrections)
        {
            var (after, line) = LineRating.Correct(billable, correction, next);
            account[after.Key] = after;
            if (line is not null)
            {
                lines.Add(line);
            }
        }

        BilledThrough = next;
        Closed.Add((plan, LineRating.Shown(lines)));
        return true;
    }
}
