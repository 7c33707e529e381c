using System.Text;
using Metering.Invoicing.Documents;
using Metering.Invoicing.Invoices;
using Metering.Invoicing.Tests.Support;
using Metering.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Metering.Invoicing.Tests.Documents;

public sealed class InvoiceDocumentTests
{
    private static readonly InvoiceHtml Html = new(new ServiceCollection().BuildServiceProvider(), NullLoggerFactory.Instance);

    [Fact]
    public void The_Pro_invoice_is_what_a_hand_calculation_says() => Golden.Matches(InvoicePrinter.Print(SampleInvoices.Pro()), "pro.txt");

    [Fact]
    public void Discounts_minimums_packages_and_fractions_add_up() => Golden.Matches(InvoicePrinter.Print(SampleInvoices.Long()), "long.txt");

    [Fact]
    public void The_csv_has_a_row_for_every_charge() => Golden.Matches(WithoutIds(InvoiceCsv.Of(SampleInvoices.Pro())), "pro.csv");

    [Fact]
    public async Task Names_are_text_and_never_markup()
    {
        var page = await Html.RenderAsync(SampleInvoices.Long());
        Assert.DoesNotContain("<beta>", page, StringComparison.Ordinal);
        Assert.Contains("&lt;beta&gt; &amp; friends", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_page_needs_nothing_from_elsewhere()
    {
        var page = await Html.RenderAsync(SampleInvoices.Pro());
        Assert.DoesNotContain("src=", page, StringComparison.Ordinal);
        Assert.DoesNotContain("href=", page, StringComparison.Ordinal);
        Assert.DoesNotContain("url(", page, StringComparison.Ordinal);
    }

    [Fact]
    public void What_a_customer_named_itself_is_not_a_formula()
    {
        var invoice = SampleInvoices.Pro();
        var csv = InvoiceCsv.Of(invoice with { Customer = invoice.Customer with { Name = "=cmd|' /C calc'!A0, \"x\"" } });
        Assert.Contains("\"'=cmd|' /C calc'!A0, \"\"x\"\"\"", csv, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_long_invoice_repeats_its_header_and_counts_its_pages()
    {
        Pdf.RequireTools();
        var invoice = SampleInvoices.Long();
        var text = await Pdf.TextAsync(await PdfOfAsync(invoice));
        var pages = text.Split('\f', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(3, pages.Length);
        for (var i = 0; i < pages.Length; i++)
        {
            Assert.Contains("UNIT PRICE", pages[i], StringComparison.Ordinal);
            Assert.EndsWith($"{i + 1}/{pages.Length}", pages[i].TrimEnd(), StringComparison.Ordinal);
        }

        Assert.Contains("Эмбеддинги, русский корпус", text, StringComparison.Ordinal);
        Assert.Contains($"{DocumentText.Amount(invoice.Total)} USD", pages[^1], StringComparison.Ordinal);
    }

    /// <summary>With SAMPLES set to a folder the document is left there, to be looked at.</summary>
    private static async Task<byte[]> PdfOfAsync(Invoice invoice)
    {
        var outcome = await new WeasyPrintRenderer(Html, NullLogger<WeasyPrintRenderer>.Instance).RenderAsync(invoice, CancellationToken.None);
        var bytes = Assert.IsType<PdfOutcome.Rendered>(outcome).Bytes;
        if (Environment.GetEnvironmentVariable("SAMPLES") is { Length: > 0 } folder)
        {
            Directory.CreateDirectory(folder);
            await File.WriteAllBytesAsync(Path.Combine(folder, invoice.Number + ".pdf"), bytes);
            await File.WriteAllTextAsync(Path.Combine(folder, invoice.Number + ".html"), await Html.RenderAsync(invoice), Encoding.UTF8);
        }

        return bytes;
    }

    private static string WithoutIds(string csv) =>
        System.Text.RegularExpressions.Regex.Replace(csv, "(?<=,)[0-9A-Z]{26}(?=,)", "ID");
}
