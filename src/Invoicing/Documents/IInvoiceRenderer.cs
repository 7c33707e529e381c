using Metering.Invoicing.Invoices;

namespace Metering.Invoicing.Documents;

/// <summary>Makes the PDF of an invoice: the same bytes for the same invoice.</summary>
public interface IInvoiceRenderer
{
    Task<PdfOutcome> RenderAsync(Invoice invoice, CancellationToken cancellationToken);
}
