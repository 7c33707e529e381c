using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Metering.Invoicing.Lifecycle;
using Metering.Invoicing.Profiles;
using Metering.Invoicing.Taxes;
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
    string? Description,
    ImmutableSortedDictionary<string, string>? Metadata,
    PartyView Supplier,
    CustomerPartyView Customer,
    string Status,
    InvoiceStatusView StatusDetails,
    TotalsView Totals,
    ImmutableArray<TaxSum>? Taxes,
    PeriodView? Period,
    Instant CreatedAt,
    Instant UpdatedAt,
    Instant IssuedAt,
    Instant DueAt,
    Instant? CollectionAt,
    Instant? DraftUntil,
    Instant? QuantitySnapshotedAt,
    Instant? VoidedAt,
    string? VoidReason,
    Instant? DeletedAt,
    InvoiceWorkflowView Workflow,
    PaymentView Payment,
    ImmutableArray<ValidationIssueView>? ValidationIssues,
    [property: JsonConverter(typeof(NumericConverter))] decimal PaidAmount,
    string? SubscriptionId,
    PlanView? Plan,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] ImmutableArray<InvoiceLineView> Lines)
{
    public static InvoiceView Of(Invoice invoice, bool withLines, Instant now, bool withApps = false) => new(
        PublicId.Format(invoice.Id),
        "standard",
        invoice.Number,
        invoice.Currency.Code,
        invoice.Description,
        invoice.Metadata.IsEmpty ? null : invoice.Metadata,
        PartyView.Of(invoice.BillingProfileId, invoice.Supplier),
        CustomerPartyView.Of(invoice.Customer),
        invoice.State.StatusOf(),
        InvoiceStatusView.Of(invoice, now),
        TotalsView.Of(invoice),
        invoice.Taxes.IsEmpty ? null : invoice.Taxes,
        invoice.Lines.IsEmpty ? null : PeriodView.Of(invoice.Period),
        invoice.CreatedAt,
        invoice.UpdatedAt,
        invoice.IssuedAt,
        invoice.DueAt,
        invoice.CollectionAt,
        invoice.DraftUntil,
        invoice.QuantitySnapshotedAt,
        invoice.VoidedAt,
        invoice.VoidReason,
        invoice.DeletedAt,
        new InvoiceWorkflowView(PublicId.Format(invoice.BillingProfileId), invoice.Workflow, SandboxApp.Apps(withApps)),
        PaymentView.Of(invoice),
        invoice.Issues.IsEmpty ? null : [.. invoice.Issues.Select(ValidationIssueView.Of)],
        invoice.Paid.Amount,
        invoice.SubscriptionId is { } id ? PublicId.Format(id) : null,
        invoice.Plan is { } plan ? PlanView.Of(plan) : null,
        withLines ? [.. invoice.Lines.Select(line => InvoiceLineView.Of(invoice, line))] : default);

    /// <summary>Of what is stored; what can be done with it changes as time passes.</summary>
    public static EntityTag TagOf(Invoice invoice) => EntityTag.Of(
        invoice.Id, invoice.State.NameOf(), invoice.Number, invoice.UpdatedAt, invoice.Subtotal.Amount, invoice.Tax.Amount, invoice.Paid.Amount,
        invoice.Credits.Amount,
        invoice.Description, invoice.Metadata, invoice.Supplier, invoice.Customer, invoice.Workflow,
        invoice.Lines.Select(line => $"{line.Id} {line.Name} {line.Amount.Amount} {line.Period}").ToArray());
}

internal sealed record InvoiceWorkflowView(string SourceBillingProfileId, BillingWorkflow Workflow, AppsView Apps);

/// <summary>When how much is to be paid.</summary>
internal sealed record PaymentView(PaymentTermsView Terms)
{
    public static PaymentView Of(Invoice invoice) => new(new PaymentTermsView(
        "due_date", [new PaymentDueView(invoice.DueAt, invoice.Total.Amount, invoice.Currency.Code)]));
}

internal sealed record PaymentTermsView(string Type, ImmutableArray<PaymentDueView> DueAt);

internal sealed record PaymentDueView(
    Instant DueAt, [property: JsonConverter(typeof(NumericConverter))] decimal Amount, string Currency);

internal sealed record ValidationIssueView(
    string Id, string Severity, string? Field, string Code, string Component, string Message, Instant CreatedAt, Instant UpdatedAt)
{
    public static ValidationIssueView Of(ValidationIssue issue) => new(
        PublicId.Format(issue.Id), issue.Severity, issue.Field, issue.Code, issue.Component, issue.Message, issue.CreatedAt, issue.CreatedAt);
}

internal sealed record PeriodView(Instant From, Instant To)
{
    public static PeriodView Of(ServicePeriod period) => new(period.Start, period.End);
}

internal sealed record PlanView(string Id, string Key, string Name, int Version)
{
    public static PlanView Of(InvoicePlan plan) => new(PublicId.Format(plan.Id), plan.Key, plan.Name, plan.Version);
}
