using System.Collections.Immutable;
using Metering.Ingest.Filters;
using Metering.Invoicing.Credits;
using Metering.Invoicing.Taxes;
using Metering.Platform.Database;
using Metering.Rating;
using NodaTime;

namespace Metering.Invoicing.Invoices;

/// <summary>A line as stored.</summary>
internal sealed record LineRow(
    Guid Id, Guid InvoiceId, int Position, string Name, string PhaseKey, string RateCardKey, string? FeatureKey, string? MeterSlug,
    string Subjects, Instant PeriodFrom, Instant PeriodTo, Instant InvoiceAt, decimal? MeteredQuantity, decimal? BilledQuantity,
    long? Watermark, string Price, string Charges, long AmountMinor, Guid? SubscriptionId, string? Plan, string ManagedBy, string? Description,
    string Metadata, Instant? FullFrom, Instant? FullTo, Instant? ServedFrom, Instant? ServedTo, bool Prorates, string? Terms, string? MeterFilters,
    decimal? PriorMetered, decimal? PriorBilled, long? PriorWatermark, string? TaxConfig, string? Tax, Guid? Replaces, Instant? CreatedAt,
    Instant? UpdatedAt, Instant? DeletedAt, string? Item, string? Credits)
{
    private const string OfInvoicesSql = """
        select id, invoice_id as invoiceId, position, name, phase_key as phaseKey, rate_card_key as rateCardKey, feature_key as featureKey,
               meter_slug as meterSlug, to_jsonb(subjects)::text as subjects, period_from as periodFrom, period_to as periodTo,
               invoice_at as invoiceAt, metered_quantity as meteredQuantity, billed_quantity as billedQuantity, watermark,
               price::text as price, charges::text as charges, amount_minor as amountMinor, subscription_id as subscriptionId,
               plan::text as plan, managed_by as managedBy, description, metadata::text as metadata, full_from as fullFrom, full_to as fullTo,
               served_from as servedFrom, served_to as servedTo, prorates, terms::text as terms, meter_filters::text as meterFilters,
               prior_metered as priorMetered, prior_billed as priorBilled, prior_watermark as priorWatermark,
               tax_config::text as taxConfig, tax::text as tax, replaces,
               created_at as createdAt, updated_at as updatedAt, deleted_at as deletedAt, item::text as item,
               credits::text as credits
        from invoicing.invoice_line
        where invoice_id = any(@ids)
          and (@withDeleted or deleted_at is null)
        order by invoice_id, deleted_at nulls first, position, id
        """;

    public static async Task<ILookup<Guid, LineRow>> OfAsync(
        DbSession session, ImmutableArray<Guid> invoiceIds, bool withDeleted, CancellationToken cancellationToken) =>
        (await session.QueryAsync<LineRow>(OfInvoicesSql, new { ids = invoiceIds.ToArray(), withDeleted }, cancellationToken))
        .ToLookup(line => line.InvoiceId);

    /// <param name="subscriptionId">Of the document, for lines from before lines had one of their own.</param>
    /// <param name="plan">Likewise.</param>
    /// <param name="written">When the document was.</param>
    public InvoiceLine ToLine(Currency currency, Guid? subscriptionId, InvoicePlan? plan, Instant written)
    {
        var period = new ServicePeriod(PeriodFrom, PeriodTo);
        var isOfSubscription = PhaseKey.Length > 0;
        return new InvoiceLine(
            Id, Position, Name, PhaseKey, RateCardKey, FeatureKey, MeterSlug, StoredJson.Read<ImmutableArray<string>>(Subjects), period, InvoiceAt,
            MeteredQuantity is { } metered && BilledQuantity is { } billed && Watermark is { } watermark
                ? new MeteredUsage(metered, billed, watermark)
                : null,
            Price, StoredJson.Read<ImmutableArray<LineCharge>>(Charges), MinorUnits.ToMoney(AmountMinor, currency))
        {
            SubscriptionId = SubscriptionId ?? (isOfSubscription ? subscriptionId : null),
            Item = Item is null ? null : StoredJson.Read<SoldItem>(Item),
            Plan = Plan is not null ? StoredJson.Read<InvoicePlan>(Plan) : isOfSubscription ? plan : null,
            ManagedBy = ManagedBy,
            Description = Description,
            Metadata = StoredJson.Read<ImmutableSortedDictionary<string, string>>(Metadata),
            RatedPeriod = new LinePeriod(
                new ServicePeriod(FullFrom ?? PeriodFrom, FullTo ?? PeriodTo), new ServicePeriod(ServedFrom ?? PeriodFrom, ServedTo ?? PeriodTo),
                period),
            Prorates = Prorates,
            TermsJson = Terms,
            MeterFilters = MeterFilters is null
                ? ImmutableSortedDictionary<string, TextFilter>.Empty
                : StoredJson.Read<ImmutableSortedDictionary<string, TextFilter>>(MeterFilters),
            Prior = PriorMetered is { } before && PriorBilled is { } billedBefore && PriorWatermark is { } mark
                ? new MeteredUsage(before, billedBefore, mark)
                : null,
            TaxConfig = TaxConfig is null ? null : StoredJson.Read<TaxConfig>(TaxConfig),
            Tax = Tax is null ? null : StoredJson.Read<LineTax>(Tax),
            CreditAllocations = Credits is null ? [] : StoredJson.Read<ImmutableArray<CreditAllocation>>(Credits),
            Replaces = Replaces,
            CreatedAt = CreatedAt ?? written,
            UpdatedAt = UpdatedAt ?? written,
            DeletedAt = DeletedAt,
        };
    }
}
