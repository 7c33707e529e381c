using Metering.Invoicing.Documents;
using Metering.Invoicing.Profiles;
using Metering.Platform.Http;
using Metering.Platform.Problems;
using Metering.Platform.Security;
using Metering.Subscriptions.Wire;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace Metering.Invoicing.Invoices;

/// <summary><c>/api/v1/billing/invoices</c>: one document in four forms, by path or by <c>Accept</c>.</summary>
internal static class InvoiceEndpoints
{
    private const string Root = "/api/v1/billing/invoices";

    public static void MapInvoices(this IEndpointRouteBuilder routes)
    {
        routes.MapGet(Root, ListInvoices.HandleAsync).RequireScope(Scope.InvoicesRead)
            .WithName("listInvoices").WithSummary("List invoices").Produces<Page<InvoiceView>>();
        routes.MapGet(Root + "/{invoiceId}", GetAsync).RequireScope(Scope.InvoicesRead)
            .WithName("getInvoice").WithSummary("Read an invoice, as JSON, CSV, HTML or PDF")
            .Produces<InvoiceView>(200, "application/json", "text/csv", "text/html", "application/pdf");
        routes.MapGet(Root + "/{invoiceId}/csv", CsvAsync).RequireScope(Scope.InvoicesRead)
            .WithName("getInvoiceCsv").WithSummary("Read the lines of an invoice as CSV").Produces<string>(200, "text/csv");
        routes.MapGet(Root + "/{invoiceId}/html", HtmlAsync).RequireScope(Scope.InvoicesRead)
            .WithName("getInvoiceHtml").WithSummary("Read an invoice as a page").Produces<string>(200, "text/html");
        routes.MapGet(Root + "/{invoiceId}/pdf", PdfAsync).RequireScope(Scope.InvoicesRead)
            .WithName("getInvoicePdf").WithSummary("Read an invoice as PDF").Produces<Stream>(200, "application/pdf");
        routes.MapGet(Root + "/{invoiceId}/lines/{lineId}/events", LineEvents.HandleAsync).RequireScope(Scope.InvoicesRead)
            .WithName("listInvoiceLineEvents").WithSummary("List the events behind a line").Produces<LineEventsPage>();
    }

    private static async Task<IResult> GetAsync(
        string invoiceId, [FromQuery] string[]? expand, bool? includeDeletedLines, HttpRequest request, CurrentInvoice current, InvoiceHtml html,
        IInvoiceRenderer renderer, IClock clock, CancellationToken cancellationToken)
    {
        var errors = new FieldErrors();
        QueryWords.Check("expand", expand, ListInvoices.Expansions, errors);
        if (errors.Any)
        {
            return errors.ToResult();
        }

        var now = clock.GetCurrentInstant();
        if (await current.FindAsync(invoiceId, includeDeletedLines ?? false, now, cancellationToken) is not var (stored, shown))
        {
            return Problem.NotFound("invoice", invoiceId);
        }

        return FormOf(request) switch
        {
            DocumentForm.Json => Results.Ok(InvoiceView.Of(shown, expand is not { Length: > 0 } || expand.Contains("lines"), now,
                expand?.Contains("workflow.apps") ?? false)).WithTag(InvoiceView.TagOf(stored)),
            DocumentForm.Csv => InvoiceAnswer.Csv(shown),
            DocumentForm.Html => await InvoiceAnswer.HtmlAsync(shown, html, request.HttpContext.Response),
            DocumentForm.Pdf => await InvoiceAnswer.PdfAsync(shown, renderer, cancellationToken),
        };
    }

    private static async Task<IResult> CsvAsync(string invoiceId, CurrentInvoice current, IClock clock, CancellationToken cancellationToken) =>
        await current.FindAsync(invoiceId, withDeletedLines: false, clock.GetCurrentInstant(), cancellationToken) is var (_, invoice)
            ? InvoiceAnswer.Csv(invoice)
            : Problem.NotFound("invoice", invoiceId);

    private static async Task<IResult> HtmlAsync(
        string invoiceId, HttpResponse response, CurrentInvoice current, InvoiceHtml html, IClock clock, CancellationToken cancellationToken) =>
        await current.FindAsync(invoiceId, withDeletedLines: false, clock.GetCurrentInstant(), cancellationToken) is var (_, invoice)
            ? await InvoiceAnswer.HtmlAsync(invoice, html, response)
            : Problem.NotFound("invoice", invoiceId);

    private static async Task<IResult> PdfAsync(
        string invoiceId, CurrentInvoice current, IInvoiceRenderer renderer, IClock clock, CancellationToken cancellationToken) =>
        await current.FindAsync(invoiceId, withDeletedLines: false, clock.GetCurrentInstant(), cancellationToken) is var (_, invoice)
            ? await InvoiceAnswer.PdfAsync(invoice, renderer, cancellationToken)
            : Problem.NotFound("invoice", invoiceId);

    /// <summary>The first form that the caller names, best quality first; JSON when none is named.</summary>
    private static DocumentForm FormOf(HttpRequest request) =>
        request.GetTypedHeaders().Accept
            .OrderByDescending(accept => accept.Quality ?? 1.0)
            .Select(accept => accept.MediaType.Value?.ToLowerInvariant() switch
            {
                "application/json" => DocumentForm.Json,
                "text/csv" => DocumentForm.Csv,
                "text/html" => DocumentForm.Html,
                "application/pdf" => DocumentForm.Pdf,
                _ => (DocumentForm?)null,
            })
            .FirstOrDefault(form => form is not null) ?? DocumentForm.Json;

    private enum DocumentForm
    {
        Json,
        Csv,
        Html,
        Pdf,
    }
}
