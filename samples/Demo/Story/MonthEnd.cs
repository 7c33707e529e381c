using System.Globalization;
using System.Text.Json.Nodes;

namespace Metering.Demo.Story;

/// <summary>Fetches what was billed and keeps each document as a file.</summary>
public sealed class MonthEnd(HostApi api, string dataDirectory)
{
    /// <summary>Oldest first, with the PDF saved below <c>invoices/</c>.</summary>
    public async Task<IReadOnlyList<SavedInvoice>> InvoicesOfAsync(DemoCustomer customer, CancellationToken cancellationToken)
    {
        var folder = Directory.CreateDirectory(Path.Combine(dataDirectory, "invoices")).FullName;
        var page = await api.GetAsync($"/api/v1/billing/invoices?customers={customer.Key}&expand=lines", cancellationToken);
        var saved = new List<SavedInvoice>();
        foreach (var invoice in page["items"]!.AsArray().OrderBy(invoice => (string?)invoice!["number"], StringComparer.Ordinal))
        {
            var number = invoice!["number"]!.GetValue<string>();
            var path = Path.Combine(folder, number + ".pdf");
            var pdf = await api.DownloadAsync($"/api/v1/billing/invoices/{invoice["id"]}/pdf", cancellationToken);
            await File.WriteAllBytesAsync(path, pdf, cancellationToken);
            saved.Add(new SavedInvoice(customer, number, AmountOf(invoice), invoice["lines"]!.AsArray(), path));
        }

        return saved;
    }

    public static decimal AmountOf(JsonNode invoiceOrLine) =>
        decimal.Parse(invoiceOrLine["totals"]!["total"]!.GetValue<string>(), CultureInfo.InvariantCulture);
}

/// <summary>One invoice and where its PDF lies.</summary>
public sealed record SavedInvoice(DemoCustomer Customer, string Number, decimal Total, JsonArray Lines, string PdfPath);
