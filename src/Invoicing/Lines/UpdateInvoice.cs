using System.Collections.Immutable;
using Metering.Invoicing.Billing;
using Metering.Invoicing.Invoices;
using Metering.Invoicing.Lifecycle;
using Metering.Invoicing.Profiles;
using Metering.Invoicing.Taxes;
using Metering.Platform.Auditing;
using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.Identifiers;
using Metering.Platform.Problems;
using Metering.Platform.Security;
using Metering.Subscriptions.Features;
using Metering.Subscriptions.Wire;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace Metering.Invoicing.Lines;

/// <summary>
/// <c>PUT /api/v1/billing/invoices/{invoiceId}</c>: a draft as somebody wants it. Lines that are left out are taken off, lines without an id are
/// new, and a line whose price, period or feature is another is from then on managed by hand.
/// </summary>
internal static class UpdateInvoice
{
    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapPut("/api/v1/billing/invoices/{invoiceId}", HandleAsync).RequireScope(Scope.InvoicesWrite).Audited("invoice.replace")
            .WithName("updateInvoice").WithSummary("Edit a draft").Produces<InvoiceView>();

    private static Task<IResult> HandleAsync(
        string invoiceId, InvoiceBody body, IfMatch ifMatch, InvoiceDesk desk, InvoiceEngine engine, FeatureReader features,
        CancellationToken cancellationToken) => desk.ActAsync(
            invoiceId, InvoiceAction.Edit, "invoice.replace", ifMatch, cancellationToken,
            prepare: (session, invoice, now) => PrepareAsync(session, invoice, body, engine, features, now, cancellationToken));

    private static async Task<(Invoice? Prepared, IResult? Refusal)> PrepareAsync(
        DbSession session, Invoice invoice, InvoiceBody body, InvoiceEngine engine, FeatureReader features, Instant now,
        CancellationToken cancellationToken)
    {
        var errors = new FieldErrors();
        var codes = await TaxCodes.LoadAsync(session, cancellationToken);
        Texts.Description(body.Description, "/description", errors);
        Metadata.Check(body.Metadata, "/metadata", errors);
        body.Supplier.Check("/supplier", nameRequired: false, errors);
        body.Customer.Check("/customer", nameRequired: false, errors);
        var workflow = body.Workflow.Workflow.Over(invoice.Workflow);
        WorkflowChecks.CheckInvoicing(workflow.Invoicing, "/workflow/workflow/invoicing", codes, errors);
        WorkflowChecks.CheckPayment(workflow.Payment, "/workflow/workflow/payment", errors);
        var checks = await LineChecks.OfAsync(body.Lines, codes, features, errors, cancellationToken);
        var written = checks.Check(body.Lines, mayBeEmpty: true, isSimulation: false);
        var lines = errors.Any ? [] : LineEditing.Apply(invoice, written, errors, now);
        if (errors.Any)
        {
            return (null, errors.ToResult());
        }

        var edited = invoice.WithLines(lines) with
        {
            Description = body.Description,
            Metadata = body.Metadata ?? Metadata.None,
            Supplier = body.Supplier.Over(invoice.Supplier),
            Customer = body.Customer.Over(invoice.Customer),
            Workflow = workflow,
            DraftUntil = invoice.DraftUntil is null || workflow.Invoicing.DraftPeriod == invoice.Workflow.Invoicing.DraftPeriod
                ? invoice.DraftUntil
                : workflow.DraftEnd(invoice.QuantitySnapshotedAt ?? now),
        };
        var untouched = lines.Where(line => line.ManagedBy == InvoiceLine.BySubscription).Select(line => line.Id).ToHashSet();
        await BilledServices.ForgiveAsync(session, invoice.Lines.Where(line => !untouched.Contains(line.Id)), cancellationToken);
        var (rated, blocks) = await LineEditing.RateChangedAsync(session, engine, edited, invoice, now, cancellationToken);
        return (rated with { Issues = [.. invoice.Issues, .. blocks.Select(block => DraftChecks.Unpriced(block, now))] }, null);
    }

    private sealed record InvoiceBody(
        PartyBody Supplier, PartyBody Customer, ImmutableArray<LineBody> Lines, InvoiceWorkflowBody Workflow, string? Description = null,
        ImmutableSortedDictionary<string, string>? Metadata = null);

    private sealed record InvoiceWorkflowBody(WorkflowEdit Workflow);
}

/// <summary>What of a workflow can be changed on one invoice.</summary>
internal sealed record WorkflowEdit(WorkflowEdit.InvoicingEdit? Invoicing = null, BillingWorkflow.PaymentSettings? Payment = null)
{
    public BillingWorkflow Over(BillingWorkflow known) => known with
    {
        Invoicing = Invoicing is not { } edit
            ? known.Invoicing
            : known.Invoicing with
            {
                AutoAdvance = edit.AutoAdvance,
                DraftPeriod = edit.DraftPeriod,
                DueAfter = edit.DueAfter,
                SubscriptionEndProrationMode = edit.SubscriptionEndProrationMode,
                DefaultTaxConfig = edit.DefaultTaxConfig,
            },
        Payment = Payment ?? known.Payment,
    };

    /// <summary>As OpenMeter has it: what is left out goes back to its default.</summary>
    internal sealed record InvoicingEdit(
        bool AutoAdvance = true,
        string DraftPeriod = "P0D",
        string DueAfter = "P30D",
        string SubscriptionEndProrationMode = BillingWorkflow.BillActualPeriod,
        TaxConfig? DefaultTaxConfig = null);
}
