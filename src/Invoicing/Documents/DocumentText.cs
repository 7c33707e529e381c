using System.Globalization;
using Metering.Invoicing.Invoices;
using Metering.Rating;
using NodaTime;
using NodaTime.Text;

namespace Metering.Invoicing.Documents;

/// <summary>How a document words dates, periods and figures.</summary>
public static class DocumentText
{
    private const string PlainUsage = ": Usage";

    private static readonly LocalDatePattern DatePattern = LocalDatePattern.Create("d MMM yyyy", CultureInfo.InvariantCulture);
    private static readonly LocalDateTimePattern TimePattern = LocalDateTimePattern.Create("d MMM yyyy HH:mm", CultureInfo.InvariantCulture);

    public static DateTimeZone ZoneOf(Invoice invoice) => DateTimeZoneProviders.Tzdb.GetZoneOrNull(invoice.Customer.Zone) ?? DateTimeZone.Utc;

    public static string Date(Instant instant, DateTimeZone zone) => DatePattern.Format(instant.InZone(zone).Date);

    /// <summary>A day and a time of day.</summary>
    public static string Moment(Instant instant, DateTimeZone zone) => TimePattern.Format(instant.InZone(zone).LocalDateTime);

    /// <summary>
    /// Whole days are written with their last day, as contracts do: 1 Jan 2026 – 31 Jan 2026. Where an end is not midnight,
    /// both are written with their time, and the second is not included.
    /// </summary>
    public static string PeriodText(ServicePeriod period, DateTimeZone zone)
    {
        var (start, end) = (period.Start.InZone(zone).LocalDateTime, period.End.InZone(zone).LocalDateTime);
        if (start.TimeOfDay != LocalTime.Midnight || end.TimeOfDay != LocalTime.Midnight)
        {
            return $"{TimePattern.Format(start)} – {TimePattern.Format(end)}";
        }

        var last = end.Date.PlusDays(-1);
        return start.Date == last ? DatePattern.Format(last) : $"{DatePattern.Format(start.Date)} – {DatePattern.Format(last)}";
    }

    public static string Amount(Money money) => AmountText.Grouped(money.Amount, money.Currency);

    public static string Amount(decimal amount, Currency currency) => AmountText.Grouped(amount, currency);

    /// <summary>What a discount or a minimum "costs" each is not a price: nothing is written there.</summary>
    public static string Quantity(LineCharge charge) => charge.IsOneAmount ? "" : AmountText.Quantity(charge.Quantity);

    public static string UnitPrice(LineCharge charge, Currency currency) =>
        charge.IsOneAmount ? "" : AmountText.Grouped(charge.UnitPrice, currency);

    /// <summary>Beside what it is the usage of, the word says nothing: <c>Overage: Usage</c> is Overage.</summary>
    public static string Name(LineCharge charge) => charge.Name.EndsWith(PlainUsage, StringComparison.Ordinal)
        ? charge.Name[..^PlainUsage.Length]
        : charge.Name;

    /// <summary>What was metered; where units are converted the facts of the line tell it instead, because the charges count other units.</summary>
    public static string Metered(InvoiceLine line) =>
        line.Metered is { } metered && !PriceFacts.HasConversion(line) ? AmountText.Quantity(metered.Metered) : "";

    /// <summary>Written only where rounding changed something, so that a reader with a calculator is not puzzled.</summary>
    public static string? BeforeRounding(LineCharge charge, Currency currency) =>
        charge.ExactAmount == charge.Amount ? null : AmountText.Grouped(charge.ExactAmount, currency);
}
