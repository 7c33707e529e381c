using Metering.Invoicing.Billing;
using Metering.Invoicing.Invoices;
using Metering.Platform.Auditing;
using Metering.Platform.Http;
using Metering.Platform.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Metering.Invoicing.Lifecycle;

/// <summary>The actions of an invoice that bring nothing along: <c>POST /api/v1/billing/invoices/{invoiceId}/…</c> and <c>DELETE</c>.</summary>
internal static class InvoiceActions
{
    private const string Root = "/api/v1/billing/invoices/{invoiceId}";

    public static void Map(IEndpointRouteBuilder routes)
    {
        MapAction(routes, "advance", InvoiceAction.Advance, "invoice.advance")
            .WithName("advanceInvoiceAction").WithSummary("Let an invoice go on as it would by itself");
        MapAction(routes, "approve", InvoiceAction.Approve, "invoice.approve")
            .WithName("approveInvoiceAction").WithSummary("Approve a draft, which issues it");
        MapAction(routes, "retry", InvoiceAction.Retry, "invoice.retry")
            .WithName("retryInvoiceAction").WithSummary("Try again what came to nothing: a payment, or a draft that is invalid");
        MapAction(routes, "snapshot-quantities", InvoiceAction.SnapshotQuantities, "invoice.snapshot_quantities")
            .WithName("snapshotQuantitiesInvoiceAction").WithSummary("Count the usage of a draft now");
        MapAction(routes, "taxes/recalculate", InvoiceAction.RecalculateTaxes, "invoice.recalculate_taxes")
            .WithName("recalculateInvoiceTaxAction").WithSummary("Calculate the taxes of a draft anew");
        routes.MapDelete(Root, DeleteAsync).RequireScope(Scope.InvoicesWrite).Audited("invoice.delete")
            .WithName("deleteInvoice").WithSummary("Delete a draft").Produces(204);
    }

    private static RouteHandlerBuilder MapAction(IEndpointRouteBuilder routes, string path, InvoiceAction action, string audited) =>
        routes.MapPost(
            $"{Root}/{path}",
            (string invoiceId, IfMatch ifMatch, InvoiceDesk desk, CancellationToken cancellationToken) =>
                desk.ActAsync(invoiceId, action, audited, ifMatch, cancellationToken))
            .RequireScope(Scope.InvoicesWrite).Audited(audited).Produces<InvoiceView>();

    /// <summary>Of drafts and gathering invoices only; their lines are not billed. What is issued is voided instead.</summary>
    private static Task<IResult> DeleteAsync(string invoiceId, IfMatch ifMatch, InvoiceDesk desk, CancellationToken cancellationToken) =>
        desk.ActAsync(
            invoiceId, InvoiceAction.Delete, "invoice.delete", ifMatch, cancellationToken,
            afterwards: (session, invoice, _) => BilledServices.ForgiveAsync(session, invoice.Lines, cancellationToken),
            answer: _ => Results.NoContent());
}
