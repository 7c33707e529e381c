using System.Security.Cryptography;
using System.Text;
using Metering.Invoicing.Invoices;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Web;
using Microsoft.Extensions.Logging;

namespace Metering.Invoicing.Documents;

/// <summary>The one layout of an invoice, as a page that needs nothing else: for the screen, for printing, and for the PDF.</summary>
public sealed class InvoiceHtml(IServiceProvider services, ILoggerFactory loggers)
{
    internal static string StyleSheet { get; } = ReadStyleSheet();

    /// <summary>The page may use its own style sheet and nothing else.</summary>
    public static string ContentSecurityPolicy { get; } =
        $"default-src 'none'; style-src 'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(StyleSheet)))}'; " +
        "base-uri 'none'; form-action 'none'; frame-ancestors 'self'";

    public async Task<string> RenderAsync(Invoice invoice)
    {
        await using var renderer = new HtmlRenderer(services, loggers);
        return await renderer.Dispatcher.InvokeAsync(async () =>
        {
            var parameters = ParameterView.FromDictionary(new Dictionary<string, object?> { [nameof(InvoiceDocument.Invoice)] = invoice });
            var page = await renderer.RenderComponentAsync<InvoiceDocument>(parameters);
            return page.ToHtmlString();
        });
    }

    private static string ReadStyleSheet()
    {
        using var stream = typeof(InvoiceHtml).Assembly.GetManifestResourceStream("Metering.Invoicing.Documents.invoice.css")!;
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd().ReplaceLineEndings("\n");
    }
}
