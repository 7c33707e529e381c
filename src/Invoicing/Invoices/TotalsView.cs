using System.Text.Json.Serialization;
using Metering.Platform.Http;

namespace Metering.Invoicing.Invoices;

/// <summary>What is charged, what is taken off, what tax there is, and what is left to pay.</summary>
internal sealed record TotalsView(
    [property: JsonConverter(typeof(NumericConverter))] decimal Amount,
    [property: JsonConverter(typeof(NumericConverter))] decimal ChargesTotal,
    [property: JsonConverter(typeof(NumericConverter))] decimal DiscountsTotal,
    [property: JsonConverter(typeof(NumericConverter))] decimal CreditsTotal,
    [property: JsonConverter(typeof(NumericConverter))] decimal TaxesInclusiveTotal,
    [property: JsonConverter(typeof(NumericConverter))] decimal TaxesExclusiveTotal,
    [property: JsonConverter(typeof(NumericConverter))] decimal TaxesTotal,
    [property: JsonConverter(typeof(NumericConverter))] decimal Total)
{
    public static TotalsView Of(Invoice invoice)
    {
        var lines = invoice.Lines.Where(line => line.DeletedAt is null).ToArray();
        var discounts = -lines.Sum(line => line.Discounts.Amount);
        var commitments = lines.Sum(line => line.Commitments.Amount);
        return new TotalsView(
            invoice.Subtotal.Amount + discounts - commitments, commitments, discounts, invoice.Credits.Amount, invoice.TaxInclusive.Amount,
            invoice.Tax.Amount, invoice.TaxInclusive.Amount + invoice.Tax.Amount, invoice.Total.Amount);
    }

    public static TotalsView Of(InvoiceLine line) => new(
        line.Amount.Amount - line.Discounts.Amount - line.Commitments.Amount, line.Commitments.Amount, -line.Discounts.Amount, line.Credits.Amount,
        line.TaxInclusive.Amount, line.TaxExclusive.Amount, line.TaxInclusive.Amount + line.TaxExclusive.Amount,
        line.Amount.Amount - line.Credits.Amount + line.TaxExclusive.Amount);

    /// <summary>Of one charge: it is what it is; tax is that of the line.</summary>
    public static TotalsView Of(LineCharge charge) => charge switch
    {
        { IsDiscount: true } => new TotalsView(0m, 0m, -charge.Amount, 0m, 0m, 0m, 0m, charge.Amount),
        { IsCommitment: true } => new TotalsView(0m, charge.Amount, 0m, 0m, 0m, 0m, 0m, charge.Amount),
        _ => new TotalsView(charge.Amount, 0m, 0m, 0m, 0m, 0m, 0m, charge.Amount),
    };
}
