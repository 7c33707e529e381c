using System.Security.Claims;
using Metering.Invoicing.Documents;
using Metering.Invoicing.Invoices;
using Metering.Platform.Http;
using Metering.Portal.Access;
using Metering.Subscriptions.Customers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Net.Http.Headers;
using NodaTime;

namespace Metering.Portal.Pages;

/// <summary>The pages, all of them behind a session and about its customer only.</summary>
internal static class PortalPages
{
    private const int InvoicesPerPage = 24;

    public static void MapPortalPages(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/portal", OverviewAsync).RequirePortalSession();
        routes.MapGet("/portal/invoices", InvoicesAsync).RequirePortalSession();
        routes.MapGet("/portal/invoices/{number}/html", InvoiceHtmlAsync).RequirePortalSession();
        routes.MapGet("/portal/invoices/{number}/pdf", InvoicePdfAsync).RequirePortalSession();
        routes.MapGet(PageRenderer.StyleSheetPath, StyleSheet).AllowAnonymous();
    }

    private static async Task<IResult> OverviewAsync(
        HttpContext context, ClaimsPrincipal user, CustomerReader customers, OverviewReader overviews, PageRenderer pages, IClock clock,
        CancellationToken cancellationToken)
    {
        if (await customers.FindAsync(user.CustomerId(), cancellationToken) is not { } customer)
        {
            return await pages.NoticeAsync(Notice.NotFound, StatusCodes.Status404NotFound, context);
        }

        var overview = await overviews.ReadAsync(customer, clock.GetCurrentInstant(), cancellationToken);
        return await pages.PageAsync<OverviewPage>(context, new Dictionary<string, object?> { [nameof(OverviewPage.Overview)] = overview });
    }

    private static async Task<IResult> InvoicesAsync(
        HttpContext context, ClaimsPrincipal user, string? page, CustomerReader customers, InvoiceReader invoices, PageRenderer pages,
        CancellationToken cancellationToken)
    {
        if (await customers.FindAsync(user.CustomerId(), cancellationToken) is not { } customer)
        {
            return await pages.NoticeAsync(Notice.NotFound, StatusCodes.Status404NotFound, context);
        }

        // A page number that is none is a link somebody broke: the first page is the kind answer.
        var number = int.TryParse(page, out var asked) ? asked : 1;
        if (PageRequest.TryCreate(number, InvoicesPerPage, out var request) is not null)
        {
            _ = PageRequest.TryCreate(1, InvoicesPerPage, out request);
        }

        var (found, total) = await invoices.ListAsync(new InvoiceFilter([customer.Id]), request, cancellationToken);
        return await pages.PageAsync<InvoicesPage>(context, new Dictionary<string, object?>
        {
            [nameof(InvoicesPage.Account)] = customer.Name,
            [nameof(InvoicesPage.Invoices)] = found,
            [nameof(InvoicesPage.PageNumber)] = request.Number,
            [nameof(InvoicesPage.PageCount)] = (int)((total + InvoicesPerPage - 1) / InvoicesPerPage),
        });
    }

    private static async Task<IResult> InvoiceHtmlAsync(
        string number, HttpContext context, ClaimsPrincipal user, InvoiceReader invoices, InvoiceHtml html, PageRenderer pages,
        CancellationToken cancellationToken)
    {
        if (await FindOwnAsync(number, user, invoices, cancellationToken) is not { } invoice)
        {
            return await pages.NoticeAsync(Notice.NotFound, StatusCodes.Status404NotFound, context);
        }

        PageRenderer.Protect(context.Response);
        return await InvoiceAnswer.HtmlAsync(invoice, html, context.Response);
    }

    private static async Task<IResult> InvoicePdfAsync(
        string number, HttpContext context, ClaimsPrincipal user, InvoiceReader invoices, IInvoiceRenderer renderer, PageRenderer pages,
        CancellationToken cancellationToken)
    {
        if (await FindOwnAsync(number, user, invoices, cancellationToken) is not { } invoice)
        {
            return await pages.NoticeAsync(Notice.NotFound, StatusCodes.Status404NotFound, context);
        }

        if (await renderer.RenderAsync(invoice, cancellationToken) is not PdfOutcome.Rendered pdf)
        {
            return await pages.NoticeAsync(Notice.NoPdf, StatusCodes.Status503ServiceUnavailable, context);
        }

        PageRenderer.Protect(context.Response);
        return Results.File(pdf.Bytes, "application/pdf", $"{invoice.Number}.pdf");
    }

    /// <summary>Another customer's document, a draft and one that does not exist are the same to the one who asks.</summary>
    private static async Task<Invoice?> FindOwnAsync(
        string number, ClaimsPrincipal user, InvoiceReader invoices, CancellationToken cancellationToken) =>
        await invoices.FindAsync(number, cancellationToken) is { IsIssued: true } invoice && invoice.Customer.Id == user.CustomerId()
            ? invoice
            : null;

    private static IResult StyleSheet(HttpResponse response)
    {
        response.Headers[HeaderNames.CacheControl] = "public, max-age=31536000, immutable";
        return Results.Text(PageRenderer.StyleSheet, "text/css; charset=utf-8");
    }
}
