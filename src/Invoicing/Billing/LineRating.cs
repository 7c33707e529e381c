using System.Collections.Immutable;
using Metering.Ingest.Usage;
using Metering.Invoicing.Invoices;
using Metering.Platform.Identifiers;
using Metering.Rating;
using Metering.Subscriptions.Plans;
using Metering.Subscriptions.Subscribing;
using NodaTime;

namespace Metering.Invoicing.Billing;

/// <summary>Gives planned lines their usage and their charges, or says what has no price.</summary>
public sealed class LineRating(LineMetering metering, PriceListReader priceLists)
{
    /// <summary>One line for each that is planned, in their order, also where nothing is charged.</summary>
    public async Task<RatedLines> RateAsync(
        BillableSubscription subscription, ImmutableArray<PlannedLine> planned, Watermark watermark, Instant now, CancellationToken cancellationToken)
    {
        var lines = ImmutableArray.CreateBuilder<InvoiceLine>();
        var blocks = ImmutableArray.CreateBuilder<BlockReason>();
        foreach (var plan in planned)
        {
            var usage = plan.NeedsUsage ? await metering.ReadAsync(subscription, plan, watermark, cancellationToken) : null;
            if (usage is { TakenBack: < 0m })
            {
                blocks.Add(BlockReason.TakenBack(plan, usage.TakenBack));
                continue;
            }

            var priced = usage is null ? plan : await SupplementAsync(subscription, plan, usage, now, cancellationToken);
            var rated = Rated(subscription, priced, usage);
            if (!rated.IsFullyPriced && priced.Price is Price.Dimensional matrix)
            {
                blocks.AddRange(PriceSupplement.UnpricedOf(matrix, usage!.Groups)
                    .Select(group => BlockReason.Unpriced(priced, matrix.Dimensions, group)));
            }

            lines.Add(LineOf(subscription, priced, usage, rated, watermark, lines.Count + 1, now));
        }

        return new RatedLines(lines.ToImmutable(), blocks.ToImmutable());
    }

    /// <summary>
    /// The lines of a document. Those without a single charge are left out: a price that charges nothing for no usage says nothing. A line that
    /// charges zero for some usage stays: the reader is told what was included.
    /// </summary>
    public static ImmutableArray<InvoiceLine> Shown(IEnumerable<InvoiceLine> lines) =>
        [.. lines.Where(line => !line.Charges.IsEmpty).Select((line, i) => line with { Position = i + 1 })];

    /// <summary>What is due by what is known now, less what was billed.</summary>
    public static (BilledService After, InvoiceLine? Line) Correct(BillableSubscription subscription, PlannedCorrection correction, Instant now)
    {
        var due = correction.Now is { } plan ? Rate(subscription, plan, usage: null, new Watermark(0), 1, now).Charges : [];
        return FeeCorrection.Of(correction, due, subscription.Currency, now);
    }

    /// <summary>Pure.</summary>
    /// <param name="usage">What was counted in the served period; null for a fee.</param>
    public static InvoiceLine Rate(
        BillableSubscription subscription, PlannedLine plan, LineUsage? usage, Watermark watermark, int position, Instant now) =>
        LineOf(subscription, plan, usage, Rated(subscription, plan, usage), watermark, position, now);

    /// <summary>How much of a fee or a commitment a period that is served in part owes.</summary>
    internal static Proration ProrationOf(BillableSubscription subscription) =>
        subscription.ProratesFees ? Proration.ByTime : Proration.None;

    private static RatingResult Rated(BillableSubscription subscription, PlannedLine plan, LineUsage? usage) => Rater.Rate(new RatingInput
    {
        Price = plan.Price,
        Currency = subscription.Currency,
        Line = plan.Period,
        Rounding = Rounding.HalfAwayFromZero,
        Proration = ProrationOf(subscription),
        Usage = usage is { Transactions.KnowsAmounts: false, Groups.Groups.IsEmpty: true } ? Usage.Of(usage.Counted) : Usage.None,
        Transactions = usage?.Transactions ?? TransactionUsage.None,
        Groups = usage?.Groups ?? GroupedUsage.None,
        Terms = plan.RateCard.Terms,
    });

    private static InvoiceLine LineOf(
        BillableSubscription subscription, PlannedLine plan, LineUsage? usage, RatingResult rated, Watermark watermark, int position, Instant now) =>
        new(
            PublicId.New(now), position, plan.RateCard.Name, plan.Phase.Key, plan.RateCard.Key, plan.RateCard.FeatureKey,
            plan.NeedsUsage ? plan.RateCard.MeterSlug : null,
            plan.NeedsUsage ? subscription.Customer.SubjectKeys : [],
            plan.Period.Billed, plan.DueAt,
            usage is null ? null : new MeteredUsage(usage.Counted, rated.Billable.Quantity, watermark.Batch),
            PriceSnapshot.Of(plan, usage).ToJsonString(), [.. rated.Charges.Select(LineCharge.Of)], rated.Total);

    private async Task<PlannedLine> SupplementAsync(
        BillableSubscription subscription, PlannedLine plan, LineUsage usage, Instant now, CancellationToken cancellationToken)
    {
        if (plan.Price is not Price.Dimensional matrix || PriceSupplement.UnpricedOf(matrix, usage.Groups) is not { IsEmpty: false } unpriced)
        {
            return plan;
        }

        return await priceLists.FindAsync(subscription.Plan.Key, plan.Phase.Key, plan.RateCard.Key, now, cancellationToken) is { } listed
            ? PriceSupplement.Apply(plan, matrix, unpriced, listed, subscription.Currency)
            : plan;
    }
}
