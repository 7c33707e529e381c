using System.Text;
using Metering.Invoicing.Documents;
using Metering.Invoicing.Invoices;
using Metering.Platform.Http;
using Metering.Rating;

namespace Metering.Invoicing.Tests.Support;

/// <summary>An invoice as text for golden files: what a person checks with a calculator, and nothing that differs from run to run.</summary>
internal static class InvoicePrinter
{
    public static string Print(Invoice invoice)
    {
        var zone = DocumentText.ZoneOf(invoice);
        var text = new StringBuilder();
        text.AppendLine($"{invoice.Number}  {invoice.Supplier.Name} -> {invoice.Customer.Name}");
        text.AppendLine($"issued {invoice.IssuedAt}  due {invoice.DueAt}  plan {invoice.Plan!.Key} v{invoice.Plan.Version}");
        foreach (var line in invoice.Lines)
        {
            text.AppendLine();
            text.AppendLine($"{line.Position}. {line.Name}  {DocumentText.PeriodText(line.Period, zone)}");
            if (line.Metered is { } metered)
            {
                text.AppendLine($"   metered {AmountText.Quantity(metered.Metered)} of {line.MeterSlug} by {string.Join(", ", line.Subjects)}");
            }

            foreach (var charge in line.Charges)
            {
                text.AppendLine(
                    $"   {charge.Name,-48} {AmountText.Quantity(charge.Quantity),12} x {NumericConverter.Format(charge.UnitPrice),-9}" +
                    $" = {NumericConverter.Format(charge.ExactAmount),12} -> {AmountText.Grouped(charge.Amount, invoice.Currency),10}");
            }

            text.AppendLine($"   {"line total",-91} {DocumentText.Amount(line.Amount),10}");
        }

        text.AppendLine();
        text.AppendLine($"{"subtotal",-94} {DocumentText.Amount(invoice.Subtotal),10}");
        text.AppendLine($"{"tax",-94} {DocumentText.Amount(invoice.Tax),10}");
        text.AppendLine($"{"total",-94} {DocumentText.Amount(invoice.Total),10} {invoice.Currency}");
        return text.ToString();
    }
}
