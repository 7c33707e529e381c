using System.Text.Json;
using Metering.Contracts.Messages;
using Metering.Invoicing.Ledger;
using Metering.Invoicing.Lifecycle;
using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.Messaging;
using NodaTime;

namespace Metering.Invoicing.Invoices;

/// <summary>Writes invoices as they are, in the caller's transaction.</summary>
internal static class InvoiceStore
{
    /// <summary>
    /// Documents of one customer are made and changed one after the other. Taken before any row of an invoice, so that nobody waits for
    /// somebody who waits.
    /// </summary>
    public static Task LockCustomerAsync(DbSession session, Guid customerId, CancellationToken cancellationToken) =>
        session.ExecuteAsync(LockCustomerSql, new { customer = customerId.ToString() }, cancellationToken);

    /// <summary>The whole document; from the moment it is issued nothing but where it stands.</summary>
    /// <param name="before">As it was stored; null when it is new.</param>
    public static async Task SaveAsync(DbSession session, Invoice invoice, Invoice? before, CancellationToken cancellationToken)
    {
        if (before is { IsIssued: true })
        {
            await session.ExecuteAsync(UpdateStandingSql, Parameters(invoice), cancellationToken);
        }
        else
        {
            await PutAsync(session, invoice, cancellationToken);
        }

        await InvoiceBooks.FollowAsync(session, invoice, before, cancellationToken);

        // What only gathers is nobody's document yet, and what was deleted before it was stored never was one.
        if (invoice.State != InvoiceState.Gathering && before is not { State: InvoiceState.Gathering }
            && (before is not null || invoice.DeletedAt is null))
        {
            var document = JsonSerializer.Serialize(InvoiceView.Of(invoice, withLines: false, invoice.UpdatedAt), MeteringJson.Options);
            await Outbox.AddAsync(
                session, new InvoiceChanged(invoice.Id, invoice.Customer.Id, IsNew: before is null, document), cancellationToken);
        }
    }

    private static async Task PutAsync(DbSession session, Invoice invoice, CancellationToken cancellationToken)
    {
        await session.ExecuteAsync(PutInvoiceSql, Parameters(invoice), cancellationToken);
        var lines = StoredJson.Write(invoice.Lines.Select(line => Row(invoice.Id, line)));
        var kept = invoice.Lines.Select(line => line.Id).ToArray();
        await session.ExecuteAsync(DropLinesSql, new { invoice.Id, invoice.UpdatedAt, kept }, cancellationToken);
        await session.ExecuteAsync(PutLinesSql, new { lines }, cancellationToken);
        if (invoice.IsIssued)
        {
            await session.ExecuteAsync("update invoicing.invoice set sealed = true where id = @Id", new { invoice.Id }, cancellationToken);
        }
    }

    /// <summary>Numbers without gaps: the row stays locked until the commit, so a rollback gives its number back.</summary>
    public static async Task<string> NextNumberAsync(DbSession session, string series, Instant now, CancellationToken cancellationToken)
    {
        var ofYear = $"{series}-{now.InUtc().Year}";
        var last = await session.SingleAsync<long>(NextNumberSql, new { series = ofYear }, cancellationToken);
        return $"{ofYear}-{last:000000}";
    }

    private static object Parameters(Invoice invoice) => new
    {
        invoice.Id,
        invoice.BillingProfileId,
        invoice.Number,
        State = invoice.State.NameOf(),
        CustomerId = invoice.Customer.Id,
        invoice.SubscriptionId,
        Currency = invoice.Currency.Code,
        PeriodFrom = invoice.Period.Start,
        PeriodTo = invoice.Period.End,
        invoice.IssuedAt,
        invoice.DueAt,
        Supplier = StoredJson.Write(invoice.Supplier),
        Customer = StoredJson.Write(invoice.Customer),
        Plan = invoice.Plan is null ? null : StoredJson.Write(invoice.Plan),
        invoice.Watermark,
        SubtotalMinor = MinorUnits.Of(invoice.Subtotal),
        TaxMinor = MinorUnits.Of(invoice.Tax),
        TotalMinor = MinorUnits.Of(invoice.Total),
        TaxInclusiveMinor = MinorUnits.Of(invoice.TaxInclusive),
        Taxes = StoredJson.Write(invoice.Taxes),
        CreditsMinor = MinorUnits.Of(invoice.Credits),
        PaidMinor = MinorUnits.Of(invoice.Paid),
        invoice.Description,
        Metadata = StoredJson.Write(invoice.Metadata),
        Workflow = StoredJson.Write(invoice.Workflow),
        invoice.CreatedAt,
        invoice.UpdatedAt,
        invoice.CollectionAt,
        invoice.DraftUntil,
        invoice.QuantitySnapshotedAt,
        invoice.VoidedAt,
        invoice.VoidReason,
        invoice.DeletedAt,
        Issues = StoredJson.Write(invoice.Issues),
        invoice.NextActionAt,
    };

    private static object Row(Guid invoiceId, InvoiceLine line) => new
    {
        id = line.Id,
        invoice_id = invoiceId,
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
        price = Element(line.PriceJson),
        charges = line.Charges,
        amount_minor = MinorUnits.Of(line.Amount),
        subscription_id = line.SubscriptionId,
        plan = line.Plan,
        item = line.Item,
        managed_by = line.ManagedBy,
        description = line.Description,
        metadata = line.Metadata,
        full_from = line.RatedPeriod.Full.Start,
        full_to = line.RatedPeriod.Full.End,
        served_from = line.RatedPeriod.Served.Start,
        served_to = line.RatedPeriod.Served.End,
        prorates = line.Prorates,
        terms = line.TermsJson is null ? (JsonElement?)null : Element(line.TermsJson),
        meter_filters = line.MeterFilters.IsEmpty ? null : line.MeterFilters,
        prior_metered = line.Prior?.Metered,
        prior_billed = line.Prior?.Billed,
        prior_watermark = line.Prior?.Watermark,
        tax_config = line.TaxConfig,
        tax = line.Tax,
        credits = line.CreditAllocations.IsEmpty ? (object?)null : line.CreditAllocations,
        replaces = line.Replaces,
        created_at = line.CreatedAt,
        updated_at = line.UpdatedAt,
    };

    private static JsonElement Element(string json) => JsonSerializer.Deserialize<JsonElement>(json);

    private const string LockCustomerSql = "select pg_advisory_xact_lock(hashtextextended(@customer, 0))";

    private const string NextNumberSql = """
        insert into invoicing.number_sequence (series, last_number)
        values (@series, 1)
        on conflict (series) do update set last_number = number_sequence.last_number + 1
        returning last_number
        """;

    private const string PutInvoiceSql = """
        insert into invoicing.invoice (
            id, billing_profile_id, number, type, state, customer_id, subscription_id, currency, period_from, period_to, issued_at, due_at,
            supplier, customer, plan, watermark, subtotal_minor, tax_minor, total_minor, tax_inclusive_minor, taxes, paid_minor, description,
            metadata, workflow, created_at, updated_at, collection_at, draft_until, quantity_snapshoted_at, voided_at, void_reason, deleted_at,
            validation_issues, next_action_at, credits_minor)
        values (
            @Id, @BillingProfileId, @Number, 'standard', @State, @CustomerId, @SubscriptionId, @Currency, @PeriodFrom, @PeriodTo, @IssuedAt, @DueAt,
            @Supplier::jsonb, @Customer::jsonb, @Plan::jsonb, @Watermark, @SubtotalMinor, @TaxMinor, @TotalMinor, @TaxInclusiveMinor, @Taxes::jsonb,
            @PaidMinor, @Description, @Metadata::jsonb, @Workflow::jsonb, @CreatedAt, @UpdatedAt, @CollectionAt, @DraftUntil,
            @QuantitySnapshotedAt, @VoidedAt, @VoidReason, @DeletedAt, @Issues::jsonb, @NextActionAt, @CreditsMinor)
        on conflict (id) do update
        set number = excluded.number, state = excluded.state, subscription_id = excluded.subscription_id, period_from = excluded.period_from,
            period_to = excluded.period_to, issued_at = excluded.issued_at, due_at = excluded.due_at, supplier = excluded.supplier,
            customer = excluded.customer, plan = excluded.plan, watermark = excluded.watermark, subtotal_minor = excluded.subtotal_minor,
            tax_minor = excluded.tax_minor, total_minor = excluded.total_minor, tax_inclusive_minor = excluded.tax_inclusive_minor,
            credits_minor = excluded.credits_minor, taxes = excluded.taxes,
            description = excluded.description, metadata = excluded.metadata, workflow = excluded.workflow,
            updated_at = excluded.updated_at, collection_at = excluded.collection_at, draft_until = excluded.draft_until,
            quantity_snapshoted_at = excluded.quantity_snapshoted_at, deleted_at = excluded.deleted_at,
            validation_issues = excluded.validation_issues, next_action_at = excluded.next_action_at, failures = 0, last_error = null
        """;

    private const string UpdateStandingSql = """
        update invoicing.invoice
        set state = @State, updated_at = @UpdatedAt, voided_at = @VoidedAt, void_reason = @VoidReason, paid_minor = @PaidMinor,
            next_action_at = @NextActionAt, failures = 0, last_error = null
        where id = @Id
        """;

    private const string DropLinesSql = """
        update invoicing.invoice_line set deleted_at = @UpdatedAt where invoice_id = @Id and deleted_at is null and id <> all(@kept)
        """;

    // A line that waited on the gathering invoice moves here; one of this draft is written as it is now.
    private const string PutLinesSql = """
        insert into invoicing.invoice_line (
            id, invoice_id, position, name, phase_key, rate_card_key, feature_key, meter_slug, subjects, period_from, period_to, invoice_at,
            metered_quantity, billed_quantity, watermark, price, charges, amount_minor, subscription_id, plan, managed_by, description, metadata,
            full_from, full_to, served_from, served_to, prorates, terms, meter_filters, prior_metered, prior_billed, prior_watermark, tax_config, tax,
            replaces, created_at, updated_at, item, credits)
        select
            id, invoice_id, position, name, phase_key, rate_card_key, feature_key, meter_slug, subjects, period_from, period_to, invoice_at,
            metered_quantity, billed_quantity, watermark, price, charges, amount_minor, subscription_id, plan, managed_by, description, metadata,
            full_from, full_to, served_from, served_to, prorates, terms, meter_filters, prior_metered, prior_billed, prior_watermark, tax_config, tax,
            replaces, created_at, updated_at, item, credits
        from jsonb_to_recordset(@lines::jsonb) as line (
            id uuid, invoice_id uuid, position int, name text, phase_key text, rate_card_key text, feature_key text, meter_slug text,
            subjects text[], period_from timestamptz, period_to timestamptz, invoice_at timestamptz, metered_quantity numeric(28,12),
            billed_quantity numeric(28,12), watermark bigint, price jsonb, charges jsonb, amount_minor bigint, subscription_id uuid, plan jsonb,
            managed_by text, description text, metadata jsonb, full_from timestamptz, full_to timestamptz, served_from timestamptz,
            served_to timestamptz, prorates boolean, terms jsonb, meter_filters jsonb, prior_metered numeric(28,12), prior_billed numeric(28,12),
            prior_watermark bigint, tax_config jsonb, tax jsonb, replaces uuid, created_at timestamptz, updated_at timestamptz, item jsonb,
            credits jsonb)
        order by position
        on conflict (id) do update
        set invoice_id = excluded.invoice_id, position = excluded.position, name = excluded.name, feature_key = excluded.feature_key,
            meter_slug = excluded.meter_slug, subjects = excluded.subjects, period_from = excluded.period_from, period_to = excluded.period_to,
            invoice_at = excluded.invoice_at, metered_quantity = excluded.metered_quantity, billed_quantity = excluded.billed_quantity,
            watermark = excluded.watermark, price = excluded.price, charges = excluded.charges, amount_minor = excluded.amount_minor,
            managed_by = excluded.managed_by, description = excluded.description, metadata = excluded.metadata, full_from = excluded.full_from,
            full_to = excluded.full_to, served_from = excluded.served_from, served_to = excluded.served_to, prorates = excluded.prorates,
            terms = excluded.terms, meter_filters = excluded.meter_filters, prior_metered = excluded.prior_metered,
            prior_billed = excluded.prior_billed, prior_watermark = excluded.prior_watermark, tax_config = excluded.tax_config,
            tax = excluded.tax, credits = excluded.credits, updated_at = excluded.updated_at,
            deleted_at = null
        """;
}
