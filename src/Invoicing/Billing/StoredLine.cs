using Metering.Ingest.Usage;
using Metering.Invoicing.Invoices;
using Metering.Rating;
using Metering.Subscriptions.Plans;
using Metering.Subscriptions.Subscribing;

namespace Metering.Invoicing.Billing;

/// <summary>A stored line as something that can be rated, and back. Pure.</summary>
internal static class StoredLine
{
    /// <param name="line">One with terms.</param>
    public static PlannedLine PlannedOf(InvoiceLine line)
    {
        var (price, terms, displayUnit) = PriceDocument.Read(
            line.TermsJson ?? throw new InvalidOperationException($"Line {line.Id} has no terms by which it could be rated."));
        var phase = new BillablePhase(line.PhaseKey, line.PhaseKey, line.RatedPeriod.Served.Start, null, []);
        var rateCard = new BillableRateCard(line.RateCardKey, line.Name, line.FeatureKey, line.MeterSlug, null, price, terms)
        {
            DisplayUnit = displayUnit,
            MeterFilters = line.MeterFilters,
        };
        return new PlannedLine(phase, rateCard, price, line.RatedPeriod, line.InvoiceAt)
        {
            PriorWatermark = line.Prior is { } prior ? new Watermark(prior.Watermark) : null,
        };
    }

    /// <summary>The same line with the figures of another rating.</summary>
    public static InvoiceLine Renewed(InvoiceLine line, InvoiceLine rated) => line with
    {
        Subjects = rated.Subjects,
        Metered = rated.Metered,
        Prior = rated.Prior,
        PriceJson = rated.PriceJson,
        Charges = rated.Charges,
        Amount = rated.Amount,
    };

    /// <summary>The rest of a line of which the time up to an instant is billed by another.</summary>
    public static LinePeriod From(LinePeriod period, NodaTime.Instant start) =>
        new(period.Full, period.Served, new ServicePeriod(start, period.Billed.End));

    /// <summary>What of a line is billed up to an instant.</summary>
    public static LinePeriod UpTo(LinePeriod period, NodaTime.Instant end) =>
        new(period.Full, period.Served, new ServicePeriod(period.Billed.Start, end));
}
