using System.Collections.Immutable;
using Metering.Invoicing.Lifecycle;
using Metering.Invoicing.Profiles;
using Metering.Invoicing.Taxes;
using Metering.Platform.Database;
using Metering.Rating;
using NodaTime;

namespace Metering.Invoicing.Invoices;

/// <summary>An invoice as stored, without its lines.</summary>
internal sealed record InvoiceRow(
    Guid Id, Guid BillingProfileId, string Number, string State, Guid? SubscriptionId, string Currency, Instant PeriodFrom, Instant PeriodTo,
    Instant IssuedAt, Instant DueAt, string Supplier, string Customer, string? Plan, long Watermark, long SubtotalMinor, long TaxMinor,
    long TaxInclusiveMinor, string Taxes, long PaidMinor, string? Description, string Metadata, string? Workflow, Instant CreatedAt,
    Instant UpdatedAt, Instant? CollectionAt, Instant? DraftUntil, Instant? QuantitySnapshotedAt, Instant? VoidedAt, string? VoidReason,
    Instant? DeletedAt, string Issues, Instant? NextActionAt, long CreditsMinor)
{
    /// <summary>Completed by a where clause on <c>i</c>.</summary>
    public const string SelectSql = """
        select i.id, i.billing_profile_id as billingProfileId, i.number, i.state, i.subscription_id as subscriptionId, i.currency,
               i.period_from as periodFrom, i.period_to as periodTo, i.issued_at as issuedAt, i.due_at as dueAt, i.supplier::text as supplier,
               i.customer::text as customer, i.plan::text as plan, i.watermark, i.subtotal_minor as subtotalMinor, i.tax_minor as taxMinor,
               i.tax_inclusive_minor as taxInclusiveMinor, i.taxes::text as taxes, i.paid_minor as paidMinor, i.description,
               i.metadata::text as metadata, i.workflow::text as workflow, i.created_at as createdAt, i.updated_at as updatedAt,
               i.collection_at as collectionAt, i.draft_until as draftUntil, i.quantity_snapshoted_at as quantitySnapshotedAt,
               i.voided_at as voidedAt, i.void_reason as voidReason, i.deleted_at as deletedAt, i.validation_issues::text as issues,
               i.next_action_at as nextActionAt, i.credits_minor as creditsMinor
        from invoicing.invoice i
        """;

    public static async Task<Invoice?> FindAsync(
        DbSession session, string condition, object parameters, bool withDeletedLines, CancellationToken cancellationToken)
    {
        var row = await session.FirstOrNoneAsync<InvoiceRow>(SelectSql + " where " + condition, parameters, cancellationToken);
        return row is null ? null : (await WithLinesAsync(session, [row], withDeletedLines, cancellationToken)).Single();
    }

    public static async Task<ImmutableArray<Invoice>> WithLinesAsync(
        DbSession session, IReadOnlyList<InvoiceRow> rows, bool withDeletedLines, CancellationToken cancellationToken)
    {
        var lines = await LineRow.OfAsync(session, [.. rows.Select(row => row.Id)], withDeletedLines, cancellationToken);
        return [.. rows.Select(row => row.ToInvoice(lines[row.Id]))];
    }

    private Invoice ToInvoice(IEnumerable<LineRow> lines)
    {
        var currency = Rating.Currency.Parse(Currency);
        var plan = Plan is null ? null : StoredJson.Read<InvoicePlan>(Plan);
        return new Invoice(
            Id, Number, InvoiceStates.Parse(State), BillingProfileId, SubscriptionId, IssuedAt, DueAt, new ServicePeriod(PeriodFrom, PeriodTo),
            StoredJson.Read<InvoiceSupplier>(Supplier), StoredJson.Read<InvoiceCustomer>(Customer), plan, Watermark,
            MinorUnits.ToMoney(SubtotalMinor, currency), MinorUnits.ToMoney(TaxMinor, currency),
            [.. lines.Select(line => line.ToLine(currency, SubscriptionId, plan, CreatedAt))])
        {
            Workflow = Workflow is null ? OfFirstVersion() : StoredJson.Read<BillingWorkflow>(Workflow),
            TaxInclusive = MinorUnits.ToMoney(TaxInclusiveMinor, currency),
            Taxes = StoredJson.Read<ImmutableArray<TaxSum>>(Taxes),
            Credits = MinorUnits.ToMoney(CreditsMinor, currency),
            Paid = MinorUnits.ToMoney(PaidMinor, currency),
            Description = Description,
            Metadata = StoredJson.Read<ImmutableSortedDictionary<string, string>>(Metadata),
            CreatedAt = CreatedAt,
            UpdatedAt = UpdatedAt,
            CollectionAt = CollectionAt,
            DraftUntil = DraftUntil,
            QuantitySnapshotedAt = QuantitySnapshotedAt,
            VoidedAt = VoidedAt,
            VoidReason = VoidReason,
            DeletedAt = DeletedAt,
            Issues = StoredJson.Read<ImmutableArray<ValidationIssue>>(Issues),
            NextActionAt = NextActionAt,
        };
    }

    /// <summary>Documents from before profiles were issued at once and sent.</summary>
    private BillingWorkflow OfFirstVersion() => new()
    {
        Invoicing = new BillingWorkflow.InvoicingSettings { DueAfter = $"P{(DueAt - IssuedAt).Days}D" },
        Payment = new BillingWorkflow.PaymentSettings { CollectionMethod = BillingWorkflow.SendInvoice },
    };
}
