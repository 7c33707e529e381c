using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using Metering.Platform.Http;
using Metering.Platform.Identifiers;
using Metering.Rating;
using NodaTime;

namespace Metering.Invoicing.Invoices;

/// <summary>An invoice as the API shows it: OpenMeter's shape, with the plan, the subscription and what explains each line added.</summary>
internal sealed record InvoiceView(
    string Id,
    string Type,
    string Number,
    string Currency,
    PartyView Supplier,
    CustomerPartyView Customer,
    string Status,
    InvoiceStatusView StatusDetails,
    TotalsView Totals,
    PeriodView Period,
    Instant CreatedAt,
    Instant UpdatedAt,
    Instant IssuedAt,
    Instant DueAt,
    Instant QuantitySnapshotedAt,
    InvoiceWorkflowView Workflow,
    string SubscriptionId,
    PlanView Plan,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] ImmutableArray<InvoiceLineView> Lines)
{
    public static InvoiceView Of(Invoice invoice, bool withLines) => new(
        PublicId.Format(invoice.Id),
        "standard",
        invoice.Number,
        invoice.Currency.Code,
        PartyView.Of(invoice),
        CustomerPartyView.Of(invoice.Customer),
        "issued",
        InvoiceStatusView.Issued,
        TotalsView.Of(invoice),
        PeriodView.Of(invoice.Period),
        invoice.IssuedAt,
        invoice.IssuedAt,
        invoice.IssuedAt,
        invoice.DueAt,
        invoice.IssuedAt,
        InvoiceWorkflowView.Of(invoice),
        PublicId.Format(invoice.SubscriptionId),
        PlanView.Of(invoice.Plan),
        withLines ? [.. invoice.Lines.Select(line => InvoiceLineView.Of(invoice, line))] : default);
}

internal sealed record PartyView(
    string Id, string Name, TaxIdentityView? TaxId, string? Email, ImmutableArray<InvoiceAddress> Addresses, string? Iban, string? Bic)
{
    public static PartyView Of(Invoice invoice) => new(
        PublicId.Format(invoice.LegalEntityId), invoice.Supplier.Name, invoice.Supplier.TaxId is { } code ? new TaxIdentityView(code) : null,
        invoice.Supplier.Email, invoice.Supplier.Address is { } address ? [address] : [], invoice.Supplier.Iban, invoice.Supplier.Bic);
}

internal sealed record TaxIdentityView(string Code);

internal sealed record CustomerPartyView(
    string Id, string? Key, string Name, string? Email, ImmutableArray<InvoiceAddress> Addresses, UsageAttributionView UsageAttribution)
{
    public static CustomerPartyView Of(InvoiceCustomer customer) => new(
        PublicId.Format(customer.Id), customer.Key, customer.Name, customer.Email, customer.Address is { } address ? [address] : [],
        new UsageAttributionView(customer.SubjectKeys));
}

internal sealed record UsageAttributionView(ImmutableArray<string> SubjectKeys);

/// <summary>An issued document is final: there is nothing left to do to it here.</summary>
internal sealed record InvoiceStatusView(bool Immutable, bool Failed, string ExtendedStatus, AvailableActionsView AvailableActions)
{
    public static readonly InvoiceStatusView Issued = new(true, false, "issued", new AvailableActionsView());
}

internal sealed record AvailableActionsView;

internal sealed record PeriodView(Instant From, Instant To)
{
    public static PeriodView Of(ServicePeriod period) => new(period.Start, period.End);
}

internal sealed record PlanView(string Id, string Key, string Name, int Version)
{
    public static PlanView Of(InvoicePlan plan) => new(PublicId.Format(plan.Id), plan.Key, plan.Name, plan.Version);
}

/// <summary>What is charged, what is taken off, and what is left to pay.</summary>
internal sealed record TotalsView(
    [property: JsonConverter(typeof(NumericConverter))] decimal Amount,
    [property: JsonConverter(typeof(NumericConverter))] decimal ChargesTotal,
    [property: JsonConverter(typeof(NumericConverter))] decimal DiscountsTotal,
    [property: JsonConverter(typeof(NumericConverter))] decimal CreditsTotal,
    [property: JsonConverter(typeof(NumericConverter))] decimal TaxesInclusiveTotal,
    [property: JsonConverter(typeof(NumericConverter))] decimal TaxesExclusiveTotal,
    [property: JsonConverter(typeof(NumericConverter))] decimal TaxesTotal,
    [property: JsonConverter(typeof(NumericConverter))] decimal Total)
{
    public static TotalsView Of(Invoice invoice)
    {
        var discounts = -invoice.Lines.Sum(line => line.Discounts.Amount);
        var commitments = invoice.Lines.Sum(line => line.Commitments.Amount);
        return new TotalsView(
            invoice.Subtotal.Amount + discounts - commitments, commitments, discounts, 0m, 0m, invoice.Tax.Amount, invoice.Tax.Amount,
            invoice.Total.Amount);
    }

    public static TotalsView Of(InvoiceLine line) => new(
        line.Amount.Amount - line.Discounts.Amount - line.Commitments.Amount, line.Commitments.Amount, -line.Discounts.Amount, 0m, 0m, 0m, 0m,
        line.Amount.Amount);

    /// <summary>Of one charge: it is what it is.</summary>
    public static TotalsView Of(LineCharge charge) => charge switch
    {
        { IsDiscount: true } => new TotalsView(0m, 0m, -charge.Amount, 0m, 0m, 0m, 0m, charge.Amount),
        { IsCommitment: true } => new TotalsView(0m, charge.Amount, 0m, 0m, 0m, 0m, 0m, charge.Amount),
        _ => new TotalsView(charge.Amount, 0m, 0m, 0m, 0m, 0m, 0m, charge.Amount),
    };
}

/// <summary>How the document came to be, in OpenMeter's terms.</summary>
internal sealed record InvoiceWorkflowView(string SourceBillingProfileId, JsonElement Workflow)
{
    public static InvoiceWorkflowView Of(Invoice invoice) => new(
        PublicId.Format(invoice.LegalEntityId),
        JsonSerializer.SerializeToElement(new
        {
            collection = new { alignment = new { type = "subscription" } },
            invoicing = new { autoAdvance = true, dueAfter = $"P{invoice.Supplier.PaymentTermsDays}D", progressiveBilling = false },
            payment = new { collectionMethod = "send_invoice" },
        }));
}
