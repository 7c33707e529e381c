using System.Text;
using Metering.Invoicing.Documents;
using Metering.Platform.Problems;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Metering.Invoicing.Invoices;

/// <summary>A document as an HTTP answer, for the API and for the portal.</summary>
public static class InvoiceAnswer
{
    public static IResult Csv(Invoice invoice) =>
        Results.File(Encoding.UTF8.GetBytes(InvoiceCsv.Of(invoice)), "text/csv; charset=utf-8", $"{invoice.Number}.csv");

    /// <summary>Shown, not downloaded; the page may load and run nothing.</summary>
    public static async Task<IResult> HtmlAsync(Invoice invoice, InvoiceHtml html, HttpResponse response)
    {
        response.Headers[HeaderNames.ContentSecurityPolicy] = InvoiceHtml.ContentSecurityPolicy;
        return Results.Text(await html.RenderAsync(invoice), "text/html; charset=utf-8");
    }

    public static async Task<IResult> PdfAsync(Invoice invoice, IInvoiceRenderer renderer, CancellationToken cancellationToken) =>
        await renderer.RenderAsync(invoice, cancellationToken) switch
        {
            PdfOutcome.Rendered pdf => Results.File(pdf.Bytes, "application/pdf", $"{invoice.Number}.pdf"),
            PdfOutcome.NotInstalled missing => Problem.Of(ProblemType.NotAvailable, missing.WhatToDo),
            PdfOutcome.Busy => Problem.Of(ProblemType.NotAvailable, "Too many PDFs are being made; try again in a moment."),
            PdfOutcome.Failed => Problem.Of(
                ProblemType.NotAvailable, "The PDF could not be made; the reason is in the log. The HTML form still serves."),
            var other => throw new System.Diagnostics.UnreachableException($"{other.GetType()} is not an outcome of rendering."),
        };
}
