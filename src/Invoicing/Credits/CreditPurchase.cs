using System.Collections.Immutable;
using Metering.Invoicing.Invoices;
using Metering.Invoicing.Lines;
using Metering.Invoicing.Taxes;
using Metering.Platform.Identifiers;
using Metering.Rating;
using NodaTime;

namespace Metering.Invoicing.Credits;

/// <summary>The line by which a customer pays for credit on an invoice. Pure.</summary>
internal static class CreditPurchase
{
    /// <summary>No rate card's key has a dot.</summary>
    private const string KeyPrefix = "credit.";

    /// <summary>What the line is for when the credit never expires: a line has some period.</summary>
    private static readonly Duration Day = Duration.FromDays(1);

    public static string KeyOf(Guid grantId) => KeyPrefix + PublicId.Format(grantId);

    public static bool IsLine(InvoiceLine line) => line.RateCardKey.StartsWith(KeyPrefix, StringComparison.Ordinal);

    public static InvoiceLine LineOf(
        Guid grantId, string name, Money price, TaxConfig? taxConfig, Instant effectiveAt, Instant? expiresAt, Instant now)
    {
        var period = new ServicePeriod(effectiveAt, expiresAt ?? effectiveAt + Day);
        var body = new LineBody(name, new LinePeriodBody(period.Start, period.End), now);
        var written = new WrittenLine(
            body, period, new Price.Flat(price.Amount, PaymentTerm.InAdvance), RateCardTerms.None, null, null, null, taxConfig);
        return ManualLine.New(written, price.Currency, now) with { RateCardKey = KeyOf(grantId), ManagedBy = InvoiceLine.BySystem };
    }
}
