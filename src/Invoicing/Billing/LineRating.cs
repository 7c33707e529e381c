using System.Collections.Immutable;
using Metering.Ingest.Usage;
using Metering.Invoicing.Invoices;
using Metering.Invoicing.Taxes;
using Metering.Platform.Identifiers;
using Metering.Rating;
using Metering.Subscriptions.Plans;
using Metering.Subscriptions.Subscribing;
using NodaTime;

namespace Metering.Invoicing.Billing;

/// <summary>Gives lines their usage and their charges, or says what has no price.</summary>
public sealed class LineRating(LineMetering metering, PriceListReader priceLists)
{
    /// <summary>One line for each that is planned, in their order, also where nothing is charged.</summary>
    public async Task<RatedLines> RateAsync(
        BillableSubscription subscription, ImmutableArray<PlannedLine> planned, Watermark watermark, Instant now, CancellationToken cancellationToken)
    {
        var context = LineContext.Of(subscription);
        var lines = ImmutableArray.CreateBuilder<InvoiceLine>();
        var blocks = ImmutableArray.CreateBuilder<BlockReason>();
        foreach (var plan in planned)
        {
            var rated = await RateAsync(context, plan, watermark, now, cancellationToken);
            lines.Add(rated.Lines.Single());
            blocks.AddRange(rated.Blocks);
        }

        return new RatedLines(lines.ToImmutable(), blocks.ToImmutable());
    }

    /// <returns>One line, without charges when its usage cannot be priced at all.</returns>
    public async Task<RatedLines> RateAsync(
        LineContext context, PlannedLine plan, Watermark watermark, Instant now, CancellationToken cancellationToken)
    {
        var usage = plan.NeedsUsage ? await metering.ReadAsync(context, plan, watermark, cancellationToken) : null;
        if (usage is { TakenBack: < 0m })
        {
            return new RatedLines(
                [Rate(context, plan, LineUsage.Of(0m), watermark, now) with { Charges = [], Amount = Money.Zero(context.Currency) }],
                [BlockReason.TakenBack(plan, usage.TakenBack)]);
        }

        var priced = usage is null ? plan : await SupplementAsync(context, plan, usage, now, cancellationToken);
        var rated = Rated(context, priced, usage);
        ImmutableArray<BlockReason> blocks = !rated.IsFullyPriced && priced.Price is Price.Dimensional matrix
            ? [.. PriceSupplement.UnpricedOf(matrix, usage!.Groups).Select(group => BlockReason.Unpriced(priced, matrix.Dimensions, group))]
            : [];
        var line = LineOf(context, priced, usage, rated, watermark, now) with { TermsJson = TermsOf(plan) };
        return new RatedLines([line], blocks);
    }

    /// <summary>A stored line as it is worth by another watermark. What is priced by nothing but its own words stays as it is.</summary>
    public async Task<RatedLines> RateAgainAsync(
        Invoice invoice, InvoiceLine line, Watermark watermark, Instant now, CancellationToken cancellationToken)
    {
        if (line.TermsJson is null)
        {
            return new RatedLines([line], []);
        }

        var plan = StoredLine.PlannedOf(line);
        var rated = await RateAsync(LineContext.Of(invoice, line), plan, watermark, now, cancellationToken);
        return rated with { Lines = [StoredLine.Renewed(line, rated.Lines.Single())] };
    }

    /// <summary>
    /// The lines of a document. Those without a single charge are left out: a price that charges nothing for no usage says nothing. A line that
    /// charges zero for some usage stays: the reader is told what was included.
    /// </summary>
    public static ImmutableArray<InvoiceLine> Shown(IEnumerable<InvoiceLine> lines) =>
        [.. lines.Where(line => !line.Charges.IsEmpty).Select((line, i) => line with { Position = i + 1 })];

    /// <summary>A line on which nothing is left to bill.</summary>
    public static InvoiceLine Unused(BillableSubscription subscription, PlannedLine plan, Instant now) =>
        Rate(LineContext.Of(subscription), plan, LineUsage.Of(0m), default, now) with { Charges = [], Amount = Money.Zero(subscription.Currency) };

    /// <summary>What is due by what is known now, less what was billed.</summary>
    public static (BilledService After, InvoiceLine? Line) Correct(BillableSubscription subscription, PlannedCorrection correction, Instant now)
    {
        var context = LineContext.Of(subscription);
        var due = correction.Now is { } plan ? Rate(context, plan, usage: null, new Watermark(0), now).Charges : [];
        var (after, line) = FeeCorrection.Of(correction, due, subscription.Currency, now);
        if (line is null)
        {
            return (after, null);
        }

        var itemId = correction.Billed.ItemId;
        var (phase, card) = subscription.Phases.SelectMany(one => one.RateCards.Select(card => (Phase: one, Card: card)))
            .FirstOrDefault(one => one.Card.ItemId == itemId);
        return (after, line with
        {
            SubscriptionId = subscription.Id,
            Plan = context.Plan,
            Item = phase is null ? null : context.ItemAt(phase.Id, itemId, line.Period.Start),
            TaxConfig = TaxConfig.Of(card?.Tax),
            CreatedAt = now,
            UpdatedAt = now,
        });
    }

    /// <summary>Pure.</summary>
    /// <param name="usage">What was counted in the served period; null for a fee.</param>
    public static InvoiceLine Rate(LineContext context, PlannedLine plan, LineUsage? usage, Watermark watermark, Instant now) =>
        LineOf(context, plan, usage, Rated(context, plan, usage), watermark, now) with { TermsJson = TermsOf(plan) };

    private static RatingResult Rated(LineContext context, PlannedLine plan, LineUsage? usage) => Rater.Rate(new RatingInput
    {
        Price = plan.Price,
        Currency = context.Currency,
        Line = plan.Period,
        Rounding = Rounding.HalfAwayFromZero,
        Proration = plan.DueInFull ? Proration.None : context.Proration,
        Usage = usage is { Transactions.KnowsAmounts: false, Groups.Groups.IsEmpty: true }
            ? new Usage(usage.Prior, usage.Prior + usage.Counted)
            : Usage.None,
        Transactions = usage?.Transactions ?? TransactionUsage.None,
        Groups = usage?.Groups ?? GroupedUsage.None,
        Terms = plan.RateCard.Terms,
    });

    private static InvoiceLine LineOf(
        LineContext context, PlannedLine plan, LineUsage? usage, RatingResult rated, Watermark watermark, Instant now) =>
        new(
            PublicId.New(now), 1, plan.RateCard.Name, plan.Phase.Key, plan.RateCard.Key, plan.RateCard.FeatureKey,
            plan.NeedsUsage ? plan.RateCard.MeterSlug : null,
            plan.NeedsUsage ? context.SubjectKeys : [],
            plan.Period.Billed, plan.DueAt,
            usage is null ? null : new MeteredUsage(usage.Counted, rated.Billable.Quantity, watermark.Batch),
            PriceSnapshot.Of(plan, usage).ToJsonString(), [.. rated.Charges.Select(LineCharge.Of)], rated.Total)
        {
            SubscriptionId = context.SubscriptionId,
            Plan = context.Plan,
            Item = context.ItemAt(plan.Phase.Id, plan.RateCard.ItemId, plan.Period.Billed.Start),
            RatedPeriod = plan.Period,
            MeterFilters = plan.RateCard.MeterFilters,
            Prorates = context.Prorates && !plan.DueInFull,
            TaxConfig = TaxConfig.Of(plan.RateCard.Tax),
            Prior = usage is null || plan.Period.OpensPeriod
                ? null
                : new MeteredUsage(usage.Prior, rated.Billable.Prior, (plan.PriorWatermark ?? watermark).Batch),
            CreatedAt = now,
            UpdatedAt = now,
        };

    private static string TermsOf(PlannedLine plan) =>
        PriceTerms.DocumentOf(plan.Price, plan.RateCard.Terms, plan.RateCard.DisplayUnit).ToJsonString();

    private async Task<PlannedLine> SupplementAsync(
        LineContext context, PlannedLine plan, LineUsage usage, Instant now, CancellationToken cancellationToken)
    {
        if (context.Plan is null || plan.Price is not Price.Dimensional matrix
            || PriceSupplement.UnpricedOf(matrix, usage.Groups) is not { IsEmpty: false } unpriced)
        {
            return plan;
        }

        return await priceLists.FindAsync(context.Plan.Key, plan.Phase.Key, plan.RateCard.Key, now, cancellationToken) is { } listed
            ? PriceSupplement.Apply(plan, matrix, unpriced, listed, context.Currency)
            : plan;
    }
}
