using System.Collections.Immutable;
using Metering.Ingest.Usage;
using Metering.Invoicing.Invoices;
using Metering.Platform.Identifiers;
using Metering.Rating;
using Metering.Subscriptions.Subscribing;
using NodaTime;

namespace Metering.Invoicing.Billing;

/// <summary>Gives planned lines their usage and their charges.</summary>
public sealed class LineRating(UsageReader usage)
{
    /// <summary>One line for each that is planned, in their order, also where nothing is charged.</summary>
    public async Task<ImmutableArray<InvoiceLine>> RateAsync(
        BillableSubscription subscription, ImmutableArray<PlannedLine> planned, Watermark watermark, Instant now, CancellationToken cancellationToken)
    {
        var lines = ImmutableArray.CreateBuilder<InvoiceLine>();
        foreach (var plan in planned)
        {
            var metered = plan.NeedsUsage ? await CountAsync(subscription, plan, watermark, cancellationToken) : (decimal?)null;
            lines.Add(Rate(subscription, plan, metered, watermark, lines.Count + 1, now));
        }

        return lines.ToImmutable();
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
        var due = correction.Now is { } plan ? Rate(subscription, plan, metered: null, new Watermark(0), 1, now).Charges : [];
        return FeeCorrection.Of(correction, due, subscription.Currency, now);
    }

    /// <summary>Pure.</summary>
    /// <param name="metered">What the meter counted in the served period; null for a fee.</param>
    public static InvoiceLine Rate(
        BillableSubscription subscription, PlannedLine plan, decimal? metered, Watermark watermark, int position, Instant now)
    {
        var rated = Rater.Rate(new RatingInput
        {
            Price = plan.Price,
            Currency = subscription.Currency,
            Line = plan.Period,
            Rounding = Rounding.HalfAwayFromZero,
            Proration = subscription.ProratesFees ? Proration.ByTime : Proration.None,
            Usage = metered is { } quantity ? Usage.Of(quantity) : Usage.None,
            Terms = plan.RateCard.Terms,
        });
        var price = PriceSnapshot.Of(plan.Price, plan.RateCard.Terms);
        if (PriceSnapshot.DiscountsOf(plan.RateCard.Terms) is { } discounts)
        {
            price["discounts"] = discounts;
        }

        return new InvoiceLine(
            PublicId.New(now), position, plan.RateCard.Name, plan.Phase.Key, plan.RateCard.Key, plan.RateCard.FeatureKey,
            plan.NeedsUsage ? plan.RateCard.MeterSlug : null,
            plan.NeedsUsage ? subscription.Customer.SubjectKeys : [],
            plan.Period.Billed, plan.DueAt,
            metered is { } counted ? new MeteredUsage(counted, rated.Billable.Quantity, watermark.Batch) : null,
            price.ToJsonString(), [.. rated.Charges.Select(LineCharge.Of)], rated.Total);
    }

    private async Task<decimal> CountAsync(
        BillableSubscription subscription, PlannedLine plan, Watermark watermark, CancellationToken cancellationToken)
    {
        var meter = plan.RateCard.MeterSlug ?? throw new InvalidOperationException(
            $"Rate card {plan.RateCard.Key} of subscription {subscription.Id} is priced by usage and names no meter.");

        // No subject in a query means everybody; a customer without subjects has no usage.
        if (subscription.Customer.SubjectKeys.IsEmpty)
        {
            return 0m;
        }

        var rows = await usage.ReadAsync(QueryOf(meter, subscription.Customer.SubjectKeys, plan.Period.Billed, watermark), cancellationToken);
        return rows.IsEmpty ? 0m : rows.Single().Value;
    }

    /// <summary>The question whose answer a line bills; asked again later, it finds the same events.</summary>
    public static UsageQuery QueryOf(string meterSlug, ImmutableArray<string> subjects, ServicePeriod period, Watermark watermark) =>
        new(meterSlug, period.Start, period.End) { Subjects = subjects, AsRecordedBy = watermark };
}
