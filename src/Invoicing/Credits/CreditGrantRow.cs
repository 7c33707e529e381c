using System.Collections.Immutable;
using Metering.Invoicing.Invoices;
using Metering.Invoicing.Taxes;
using Metering.Platform.Database;
using Metering.Platform.Identifiers;
using Metering.Rating;
using NodaTime;

namespace Metering.Invoicing.Credits;

/// <summary>A grant as stored, with the line by which it is paid where there is one.</summary>
internal sealed record CreditGrantRow(
    Guid Id, Guid CustomerId, string Currency, string Name, string? Description, string Labels, string? Key, string FundingMethod, long AmountMinor,
    decimal? CostBasis, long? PurchaseMinor, string? SettlementStatus, string? TaxConfig, string Features, int Priority, Instant EffectiveAt,
    Instant? ExpiresAt, Instant CreatedAt, Instant UpdatedAt, Instant? VoidedAt, long RemainingMinor, Guid? InvoiceId, Guid? LineId,
    string? InvoiceState)
{
    public const string None = "none";
    public const string ByInvoice = "invoice";
    public const string External = "external";

    /// <summary>Completed by a where clause on <c>g</c>. Of an invoice that was voided the line that bills it again counts.</summary>
    public const string SelectSql = """
        select g.id, g.customer_id as customerId, g.currency, g.name, g.description, g.labels::text as labels, g.key,
               g.funding_method as fundingMethod, g.amount_minor as amountMinor, g.cost_basis as costBasis, g.purchase_minor as purchaseMinor,
               g.settlement_status as settlementStatus, g.tax_config::text as taxConfig, to_jsonb(g.features)::text as features, g.priority,
               g.effective_at as effectiveAt, g.expires_at as expiresAt, g.created_at as createdAt, g.updated_at as updatedAt,
               g.voided_at as voidedAt, g.remaining_minor as remainingMinor, p.invoice_id as invoiceId, p.line_id as lineId,
               p.state as invoiceState
        from invoicing.credit_grant g
        left join lateral (
            select i.id as invoice_id, l.id as line_id, i.state
            from invoicing.invoice i
            join invoicing.invoice_line l on l.invoice_id = i.id
            where g.funding_method = 'invoice' and i.customer_id = g.customer_id and l.rate_card_key = g.purchase_line and l.deleted_at is null
            order by l.created_at desc, l.id desc
            limit 1
        ) p on true
        """;

    public static Task<CreditGrantRow?> FindAsync(DbSession session, Guid customerId, string grantId, CancellationToken cancellationToken) =>
        PublicId.TryParse(grantId, out var id)
            ? session.FirstOrNoneAsync<CreditGrantRow>(
                SelectSql + " where g.id = @id and g.customer_id = @customerId", new { id, customerId }, cancellationToken)
            : Task.FromResult<CreditGrantRow?>(null);

    public string StatusAt(Instant now) =>
        VoidedAt is not null ? "voided" : ExpiresAt <= now ? "expired" : EffectiveAt > now ? "pending" : "active";

    public CreditGrantView ToView(Instant now)
    {
        var currency = Rating.Currency.Parse(Currency);
        var labels = StoredJson.Read<ImmutableSortedDictionary<string, string>>(Labels);
        var features = StoredJson.Read<ImmutableArray<string>>(Features);
        var tax = TaxConfig is null ? null : StoredJson.Read<TaxConfig>(TaxConfig);
        return new CreditGrantView(
            PublicId.Format(Id), Name, Description, labels.IsEmpty ? null : labels, CreatedAt, UpdatedAt, FundingMethod, Currency,
            MinorUnits.ToMoney(AmountMinor, currency).Amount,
            PurchaseMinor is { } paid
                ? new CreditPurchaseView(
                    Currency, CostBasis!.Value, MinorUnits.ToMoney(paid, currency).Amount, CreditPurchaseBody.OnCreation, Settlement())
                : null,
            tax is null ? null : new CreditTaxView(tax.Behavior, tax.TaxCodeId is { } code ? new CreditTaxCode(code) : null),
            InvoiceId is { } invoice && LineId is { } line
                ? new CreditInvoiceView(PublicId.Format(invoice), new CreditInvoiceLineView(PublicId.Format(line)))
                : null,
            features.IsEmpty ? null : new CreditFilters(features), Priority, EffectiveAt, Key, ExpiresAt, VoidedAt, StatusAt(now),
            MinorUnits.ToMoney(RemainingMinor, currency).Amount);
    }

    /// <summary>Of credit that is paid on an invoice, the invoice knows.</summary>
    private string? Settlement() => FundingMethod == ByInvoice ? InvoiceState == "paid" ? "settled" : "pending" : SettlementStatus;
}
