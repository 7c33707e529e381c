using System.Diagnostics.Metrics;

namespace Metering.Invoicing;

/// <summary>What an operator watches of billing.</summary>
internal static class InvoicingMetrics
{
    private static readonly Meter Meter = new("Metering.Invoicing");

    private static readonly Counter<long> Invoices = Meter.CreateCounter<long>("metering.invoicing.invoices", "{invoice}", "Invoices issued");

    private static readonly Counter<long> Lines = Meter.CreateCounter<long>("metering.invoicing.lines", "{line}", "Lines of issued invoices");

    private static readonly Counter<long> Failures =
        Meter.CreateCounter<long>("metering.invoicing.failures", "{failure}", "Periods that could not be closed and will be tried again");

    private static readonly Counter<long> Blocked = Meter.CreateCounter<long>(
        "metering.invoicing.blocked_periods", "{period}", "Periods that ended and were not billed because usage has no price");

    private static readonly Histogram<double> PeriodClose =
        Meter.CreateHistogram<double>("metering.invoicing.period_close.duration", "s", "Time to close one period of one subscription");

    private static readonly Histogram<double> PdfRender =
        Meter.CreateHistogram<double>("metering.invoicing.pdf.duration", "s", "Time to make one PDF");

    private static readonly Gauge<int> LedgerViolations = Meter.CreateGauge<int>(
        "metering.invoicing.ledger.violations", "{violation}", "Where an invariant of the ledger did not hold when it was last checked");

    public static void InvoiceIssued(int lines)
    {
        Invoices.Add(1);
        Lines.Add(lines);
    }

    public static void Failed() => Failures.Add(1);

    public static void PeriodBlocked() => Blocked.Add(1);

    public static void PeriodClosed(TimeSpan elapsed) => PeriodClose.Record(elapsed.TotalSeconds);

    public static void PdfRendered(TimeSpan elapsed) => PdfRender.Record(elapsed.TotalSeconds);

    public static void LedgerChecked(string invariant, int violations) =>
        LedgerViolations.Record(violations, new KeyValuePair<string, object?>("invariant", invariant));
}
