using System.Text;
using Metering.Platform.Http;
using Metering.Platform.Identifiers;
using static Metering.Platform.Http.CsvText;

namespace Metering.Invoicing.Invoices;

/// <summary>
/// A document as a table for a spreadsheet: one row per charge, so that the amounts of the column sum to the subtotal.
/// RFC 4180, UTF-8.
/// </summary>
public static class InvoiceCsv
{
    private const string Header =
        "invoice_number,invoice_id,issued_at,due_at,customer_id,customer_key,customer_name,currency,plan_key,plan_version,line,line_id,line_name," +
        "period_from,period_to,feature,meter,metered_quantity,watermark,charge,charge_name,rule,group,tier_from,tier_up_to,quantity,unit_price," +
        "exact_amount,amount";

    public static string Of(Invoice invoice)
    {
        var csv = new StringBuilder(Header).Append("\r\n");
        foreach (var line in invoice.Lines)
        {
            foreach (var charge in line.Charges)
            {
                csv.AppendCsvRow(Row(invoice, line, charge));
            }
        }

        return csv.ToString();
    }

    private static string?[] Row(Invoice invoice, InvoiceLine line, LineCharge charge) =>
    [
        invoice.Number, PublicId.Format(invoice.Id), invoice.IssuedAt.ToString(), invoice.DueAt.ToString(), PublicId.Format(invoice.Customer.Id),
        Inert(invoice.Customer.Key), Inert(invoice.Customer.Name), invoice.Currency.Code, Inert(line.Plan?.Key), $"{line.Plan?.Version}",
        $"{line.Position}", PublicId.Format(line.Id), Inert(line.Name), line.Period.Start.ToString(), line.Period.End.ToString(),
        Inert(line.FeatureKey), Inert(line.MeterSlug), Number(line.Metered?.Metered), $"{line.Metered?.Watermark}", charge.Reference,
        Inert(charge.Name), charge.Rule, Inert(charge.Group), Number(charge.Tier?.From), Number(charge.Tier?.UpTo), Number(charge.Quantity),
        Number(charge.UnitPrice),
        Number(charge.ExactAmount), new Rating.Money(charge.Amount, invoice.Currency).ToAmountString(),
    ];

    private static string? Number(decimal? value) => value is { } number ? NumericConverter.Format(number) : null;
}
