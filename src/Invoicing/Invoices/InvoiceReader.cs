using System.Collections.Immutable;
using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.Identifiers;
using Metering.Rating;
using NodaTime;

namespace Metering.Invoicing.Invoices;

/// <summary>Finds issued documents, for the API and for the portal.</summary>
public sealed class InvoiceReader(MeteringDatabase database)
{
    private const int MaxNumberLength = 64;

    /// <summary>By 26-character id or by number; null when there is none.</summary>
    public async Task<Invoice?> FindAsync(string idOrNumber, CancellationToken cancellationToken)
    {
        var isId = PublicId.TryParse(idOrNumber, out var id);
        if (!isId && idOrNumber.Length > MaxNumberLength)
        {
            return null;
        }

        await using var session = await database.OpenAsync(cancellationToken);
        var row = await session.FirstOrNoneAsync<InvoiceRow>(
            SelectSql + (isId ? " where id = @id" : " where number = @idOrNumber"), new { id, idOrNumber }, cancellationToken);
        return row is null ? null : (await WithLinesAsync(session, [row], cancellationToken)).Single();
    }

    /// <summary>Newest first.</summary>
    public async Task<(ImmutableArray<Invoice> Invoices, long Total)> ListAsync(
        InvoiceFilter filter, PageRequest page, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(cancellationToken);
        var parameters = new
        {
            customers = filter.CustomerIds.IsDefault ? null : filter.CustomerIds.ToArray(),
            filter.IssuedAfter, filter.IssuedBefore, filter.PeriodStartAfter, filter.PeriodStartBefore,
            limit = page.Size, offset = page.Offset,
        };
        var total = await session.SingleAsync<long>("select count(*) from invoicing.invoice" + FilterSql, parameters, cancellationToken);
        var rows = await session.QueryAsync<InvoiceRow>(
            SelectSql + FilterSql + " order by issued_at desc, number desc limit @limit offset @offset", parameters, cancellationToken);
        return (await WithLinesAsync(session, rows, cancellationToken), total);
    }

    private static async Task<ImmutableArray<Invoice>> WithLinesAsync(
        DbSession session, IReadOnlyList<InvoiceRow> rows, CancellationToken cancellationToken)
    {
        var lines = await session.QueryAsync<LineRow>(LinesSql, new { ids = rows.Select(row => row.Id).ToArray() }, cancellationToken);
        var byInvoice = lines.ToLookup(line => line.InvoiceId);
        return [.. rows.Select(row => row.ToInvoice(byInvoice[row.Id]))];
    }

    private const string SelectSql = """
        select id, legal_entity_id as legalEntityId, number, subscription_id as subscriptionId, currency, period_from as periodFrom,
               period_to as periodTo, issued_at as issuedAt, due_at as dueAt, supplier::text as supplier, customer::text as customer,
               plan::text as plan, watermark, subtotal_minor as subtotalMinor, tax_minor as taxMinor
        from invoicing.invoice
        """;

    private const string FilterSql = """

        where (@customers::uuid[] is null or customer_id = any(@customers))
          and (@IssuedAfter::timestamptz is null or issued_at >= @IssuedAfter)
          and (@IssuedBefore::timestamptz is null or issued_at <= @IssuedBefore)
          and (@PeriodStartAfter::timestamptz is null or period_from >= @PeriodStartAfter)
          and (@PeriodStartBefore::timestamptz is null or period_from <= @PeriodStartBefore)
        """;

    private const string LinesSql = """
        select id, invoice_id as invoiceId, position, name, phase_key as phaseKey, rate_card_key as rateCardKey, feature_key as featureKey,
               meter_slug as meterSlug, to_jsonb(subjects)::text as subjects, period_from as periodFrom, period_to as periodTo,
               invoice_at as invoiceAt,
               metered_quantity as meteredQuantity, billed_quantity as billedQuantity, watermark, price::text as price,
               charges::text as charges, amount_minor as amountMinor
        from invoicing.invoice_line
        where invoice_id = any(@ids)
        order by invoice_id, position
        """;

    private sealed record InvoiceRow(
        Guid Id, Guid LegalEntityId, string Number, Guid SubscriptionId, string Currency, Instant PeriodFrom, Instant PeriodTo, Instant IssuedAt,
        Instant DueAt, string Supplier, string Customer, string Plan, long Watermark, long SubtotalMinor, long TaxMinor)
    {
        public Invoice ToInvoice(IEnumerable<LineRow> lines)
        {
            var currency = Rating.Currency.Parse(Currency);
            return new Invoice(
                Id, Number, LegalEntityId, SubscriptionId, IssuedAt, DueAt, new ServicePeriod(PeriodFrom, PeriodTo),
                StoredJson.Read<InvoiceSupplier>(Supplier), StoredJson.Read<InvoiceCustomer>(Customer), StoredJson.Read<InvoicePlan>(Plan),
                Watermark,
                MinorUnits.ToMoney(SubtotalMinor, currency), MinorUnits.ToMoney(TaxMinor, currency),
                [.. lines.Select(line => line.ToLine(currency))]);
        }
    }

    private sealed record LineRow(
        Guid Id, Guid InvoiceId, int Position, string Name, string PhaseKey, string RateCardKey, string? FeatureKey, string? MeterSlug,
        string Subjects, Instant PeriodFrom, Instant PeriodTo, Instant InvoiceAt, decimal? MeteredQuantity, decimal? BilledQuantity,
        long? Watermark, string Price, string Charges, long AmountMinor)
    {
        public InvoiceLine ToLine(Currency currency) => new(
            Id, Position, Name, PhaseKey, RateCardKey, FeatureKey, MeterSlug, StoredJson.Read<ImmutableArray<string>>(Subjects),
            new ServicePeriod(PeriodFrom, PeriodTo), InvoiceAt,
            MeteredQuantity is { } metered && BilledQuantity is { } billed && Watermark is { } watermark
                ? new MeteredUsage(metered, billed, watermark)
                : null,
            Price, StoredJson.Read<ImmutableArray<LineCharge>>(Charges), MinorUnits.ToMoney(AmountMinor, currency));
    }
}
