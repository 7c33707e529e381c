using System.Collections.Immutable;
using System.Text.Json;
using Metering.Contracts.Messages;
using Metering.Ingest.Usage;
using Metering.Invoicing.Suppliers;
using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.Identifiers;
using Metering.Platform.Messaging;
using Metering.Rating;
using Metering.Subscriptions.Customers;
using Metering.Subscriptions.Subscribing;
using NodaTime;

namespace Metering.Invoicing.Invoices;

/// <summary>Makes rated lines a numbered document, in the caller's transaction.</summary>
internal static class InvoiceIssue
{
    public static async Task<Invoice> IssueAsync(
        DbSession session, BillableSubscription subscription, SupplierProfile supplier, ImmutableArray<InvoiceLine> lines,
        Watermark watermark, Instant now, CancellationToken cancellationToken)
    {
        // The number comes last: its row stays locked until the commit, and everything slow is done by now.
        var number = await NextNumberAsync(session, supplier.Id, now, cancellationToken);
        var invoice = Compose(subscription, supplier, lines, watermark, number, now);
        await session.ExecuteAsync(InsertInvoiceSql, InvoiceParameters(invoice), cancellationToken);
        var lineRows = StoredJson.Write(LineRows(invoice));
        await session.ExecuteAsync(InsertLinesSql, new { lines = lineRows }, cancellationToken);
        var document = JsonSerializer.Serialize(InvoiceView.Of(invoice, withLines: false), MeteringJson.Options);
        await Outbox.AddAsync(session, new InvoiceChanged(invoice.Id, invoice.Customer.Id, IsNew: true, document), cancellationToken);
        return invoice;
    }

    /// <summary>Pure: the document as it will be stored.</summary>
    public static Invoice Compose(
        BillableSubscription subscription, SupplierProfile supplier, ImmutableArray<InvoiceLine> lines, Watermark watermark, string number,
        Instant now)
    {
        var subtotal = lines.Aggregate(Money.Zero(subscription.Currency), (sum, line) => sum + line.Amount);
        var period = new ServicePeriod(lines.Min(line => line.Period.Start), lines.Max(line => line.Period.End));
        return new Invoice(
            PublicId.New(now), number, supplier.Id, subscription.Id, now, now + Duration.FromDays(supplier.Details.PaymentTermsDays), period,
            supplier.Details, CustomerOf(subscription.Customer),
            new InvoicePlan(subscription.Plan.Id, subscription.Plan.Key, subscription.Plan.Name, subscription.Plan.Version),
            watermark.Batch, subtotal, Money.Zero(subscription.Currency), lines);
    }

    private static InvoiceCustomer CustomerOf(CustomerAccount customer)
    {
        var address = customer.BillingAddress is { } known
            ? new InvoiceAddress(known.Line1, known.Line2, known.PostalCode, known.City, known.State, known.Country)
            : null;
        return new InvoiceCustomer(
            customer.Id, customer.Key, customer.Name, customer.PrimaryEmail, address == new InvoiceAddress() ? null : address, customer.SubjectKeys,
            customer.Zone.Id);
    }

    private static async Task<string> NextNumberAsync(DbSession session, Guid legalEntityId, Instant now, CancellationToken cancellationToken)
    {
        var series = $"INV-{now.InUtc().Year}";
        var last = await session.SingleAsync<long>(NextNumberSql, new { legalEntityId, series }, cancellationToken);
        return $"{series}-{last:000000}";
    }

    private static object InvoiceParameters(Invoice invoice) => new
    {
        invoice.Id,
        invoice.LegalEntityId,
        invoice.Number,
        CustomerId = invoice.Customer.Id,
        invoice.SubscriptionId,
        Currency = invoice.Currency.Code,
        PeriodFrom = invoice.Period.Start,
        PeriodTo = invoice.Period.End,
        invoice.IssuedAt,
        invoice.DueAt,
        Supplier = StoredJson.Write(invoice.Supplier),
        Customer = StoredJson.Write(invoice.Customer),
        Plan = StoredJson.Write(invoice.Plan),
        invoice.Watermark,
        SubtotalMinor = MinorUnits.Of(invoice.Subtotal),
        TaxMinor = MinorUnits.Of(invoice.Tax),
        TotalMinor = MinorUnits.Of(invoice.Total),
    };

    private static IEnumerable<object> LineRows(Invoice invoice) => invoice.Lines.Select(line => new
    {
        id = line.Id,
        invoice_id = invoice.Id,
        position = line.Position,
        name = line.Name,
        phase_key = line.PhaseKey,
        rate_card_key = line.RateCardKey,
        feature_key = line.FeatureKey,
        meter_slug = line.MeterSlug,
        subjects = line.Subjects,
        period_from = line.Period.Start,
        period_to = line.Period.End,
        invoice_at = line.InvoiceAt,
        metered_quantity = line.Metered?.Metered,
        billed_quantity = line.Metered?.Billed,
        watermark = line.Metered?.Watermark,
        price = JsonSerializer.SerializeToElement(JsonDocument.Parse(line.PriceJson).RootElement),
        charges = line.Charges,
        amount_minor = MinorUnits.Of(line.Amount),
    });

    private const string NextNumberSql = """
        insert into invoicing.number_sequence (legal_entity_id, series, last_number)
        values (@legalEntityId, @series, 1)
        on conflict (legal_entity_id, series) do update set last_number = number_sequence.last_number + 1
        returning last_number
        """;

    private const string InsertInvoiceSql = """
        insert into invoicing.invoice (
            id, legal_entity_id, number, type, customer_id, subscription_id, currency, period_from, period_to, issued_at, due_at,
            supplier, customer, plan, watermark, subtotal_minor, tax_minor, total_minor)
        values (
            @Id, @LegalEntityId, @Number, 'standard', @CustomerId, @SubscriptionId, @Currency, @PeriodFrom, @PeriodTo, @IssuedAt, @DueAt,
            @Supplier::jsonb, @Customer::jsonb, @Plan::jsonb, @Watermark, @SubtotalMinor, @TaxMinor, @TotalMinor)
        """;

    private const string InsertLinesSql = """
        insert into invoicing.invoice_line (
            id, invoice_id, position, name, phase_key, rate_card_key, feature_key, meter_slug, subjects, period_from, period_to, invoice_at,
            metered_quantity, billed_quantity, watermark, price, charges, amount_minor)
        select
            id, invoice_id, position, name, phase_key, rate_card_key, feature_key, meter_slug, subjects, period_from, period_to, invoice_at,
            metered_quantity, billed_quantity, watermark, price, charges, amount_minor
        from jsonb_to_recordset(@lines::jsonb) as line (
            id uuid, invoice_id uuid, position int, name text, phase_key text, rate_card_key text, feature_key text, meter_slug text,
            subjects text[], period_from timestamptz, period_to timestamptz, invoice_at timestamptz, metered_quantity numeric(28,12),
            billed_quantity numeric(28,12), watermark bigint, price jsonb, charges jsonb, amount_minor bigint)
        order by position
        """;
}
