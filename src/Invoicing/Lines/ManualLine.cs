using System.Collections.Immutable;
using Metering.Ingest.Filters;
using Metering.Invoicing.Billing;
using Metering.Invoicing.Invoices;
using Metering.Platform.Identifiers;
using Metering.Rating;
using Metering.Subscriptions.Subscribing;
using NodaTime;

namespace Metering.Invoicing.Lines;

/// <summary>Lines that people write. Pure.</summary>
internal static class ManualLine
{
    /// <summary>Begins with what no rate card's key has, so that a line is its own only relative.</summary>
    private const string KeyPrefix = "line.";

    /// <summary>Unrated: usage is counted when the invoice is looked at or collected.</summary>
    public static InvoiceLine New(WrittenLine written, Currency currency, Instant now)
    {
        var id = PublicId.New(now);
        var line = new InvoiceLine(
            id, 1, written.Name, "", KeyPrefix + PublicId.Format(id), written.FeatureKey, written.Meter?.Slug, [], written.Period, written.InvoiceAt,
            null, "{}", [], Money.Zero(currency));
        return Rewritten(line, written, now) with { CreatedAt = now };
    }

    /// <summary>What the request says in place of what the line said.</summary>
    public static InvoiceLine Rewritten(InvoiceLine line, WrittenLine written, Instant now) => line with
    {
        Name = written.Name,
        Description = written.Body.Description,
        Metadata = written.Metadata,
        FeatureKey = written.FeatureKey,
        MeterSlug = written.Meter?.Slug,
        MeterFilters = written.Meter?.Filters ?? ImmutableSortedDictionary<string, TextFilter>.Empty,
        Period = written.Period,
        RatedPeriod = LinePeriod.Whole(written.Period),
        Prior = null,
        InvoiceAt = written.InvoiceAt,
        TermsJson = written.TermsJson,
        PriceJson = written.TermsJson,
        TaxConfig = written.TaxConfig,
        ManagedBy = InvoiceLine.ByHand,
        UpdatedAt = now,
    };

    /// <summary>For rating with a stated quantity.</summary>
    public static PlannedLine Planned(WrittenLine written, LinePeriod period)
    {
        var card = new BillableRateCard(
            KeyPrefix + "simulated", written.Name, written.FeatureKey, written.Meter?.Slug, null, written.Price, written.Terms)
        {
            DisplayUnit = written.DisplayUnit,
        };
        return new PlannedLine(new BillablePhase("", "", written.Period.Start, null, []), card, written.Price, period, written.InvoiceAt);
    }
}
