using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using Metering.Invoicing.Invoices;
using Metering.Platform.Identifiers;
using Microsoft.Extensions.Logging;

namespace Metering.Invoicing.Documents;

/// <summary>
/// WeasyPrint as a process: HTML on its standard input, PDF from its standard output, no shell, no file, nothing fetched.
/// The date of the document and its id go in from outside, so that repeating gives the same bytes.
/// </summary>
internal sealed class WeasyPrintRenderer(InvoiceHtml html, ILogger<WeasyPrintRenderer> logger) : IInvoiceRenderer
{
    private const int MaxAtOnce = 2;
    private const int MaxErrorCharacters = 2_000;
    private const string Program = "weasyprint";
    private static readonly TimeSpan WaitLimit = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan RunLimit = TimeSpan.FromSeconds(60);

    private readonly SemaphoreSlim slots = new(MaxAtOnce, MaxAtOnce);

    public async Task<PdfOutcome> RenderAsync(Invoice invoice, CancellationToken cancellationToken)
    {
        var page = await html.RenderAsync(invoice);
        if (!await slots.WaitAsync(WaitLimit, cancellationToken))
        {
            return new PdfOutcome.Busy();
        }

        try
        {
            var started = Stopwatch.GetTimestamp();
            var outcome = await RunAsync(invoice, page, cancellationToken);
            InvoicingMetrics.PdfRendered(Stopwatch.GetElapsedTime(started));
            return outcome;
        }
        finally
        {
            slots.Release();
        }
    }

    private async Task<PdfOutcome> RunAsync(Invoice invoice, string page, CancellationToken cancellationToken)
    {
        using var process = new Process { StartInfo = Describe(invoice) };
        try
        {
            process.Start();
        }
        catch (Win32Exception)
        {
            return new PdfOutcome.NotInstalled(
                "PDFs are made by WeasyPrint, which is not installed here: apt-get install weasyprint fonts-dejavu-core fonts-droid-fallback. "
                + "The HTML form serves without it.");
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(RunLimit);
        try
        {
            return await ExchangeAsync(process, invoice, page, limit.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            logger.PdfTimedOut(invoice.Id, RunLimit);
            return new PdfOutcome.Failed();
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }

    /// <summary>All three pipes at once, so that none of them fills up while another is waited for.</summary>
    private async Task<PdfOutcome> ExchangeAsync(Process process, Invoice invoice, string page, CancellationToken cancellationToken)
    {
        using var pdf = new MemoryStream();
        var output = process.StandardOutput.BaseStream.CopyToAsync(pdf, cancellationToken);
        var errors = process.StandardError.ReadToEndAsync(cancellationToken);
        try
        {
            await process.StandardInput.WriteAsync(page.AsMemory(), cancellationToken);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It ended without reading to the end: its exit code and its words say why.
        }

        await Task.WhenAll(output, errors, process.WaitForExitAsync(cancellationToken));
        if (process.ExitCode == 0 && pdf.Length > 0)
        {
            return new PdfOutcome.Rendered(pdf.ToArray());
        }

        var words = await errors;
        logger.PdfFailed(invoice.Id, process.ExitCode, words.Length <= MaxErrorCharacters ? words : words[^MaxErrorCharacters..]);
        return new PdfOutcome.Failed();
    }

    private static ProcessStartInfo Describe(Invoice invoice)
    {
        var start = new ProcessStartInfo(Program)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardInputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false),
            ArgumentList =
            {
                "--quiet", "--encoding", "utf-8", "--base-url", "about:blank", "--pdf-identifier", PublicId.Format(invoice.Id), "-", "-",
            },
        };
        start.Environment["SOURCE_DATE_EPOCH"] = invoice.IssuedAt.ToUnixTimeSeconds().ToString(System.Globalization.CultureInfo.InvariantCulture);
        return start;
    }
}
