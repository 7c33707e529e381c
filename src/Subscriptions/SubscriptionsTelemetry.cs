using System.Diagnostics.Metrics;
using Metering.Contracts.Sidecar;

namespace Metering.Subscriptions;

/// <summary>What an operator watches of leases.</summary>
internal static class SubscriptionsTelemetry
{
    private static readonly Meter Meter = new("Metering.Subscriptions");

    private static readonly Counter<long> Granted =
        Meter.CreateCounter<long>("metering.subscriptions.lease.granted", "{unit}", "Units leased to sidecars.");

    private static readonly Counter<long> Refused =
        Meter.CreateCounter<long>("metering.subscriptions.lease.exhausted", "{request}", "Requests for units that found too few free.");

    private static readonly Counter<long> BadReports =
        Meter.CreateCounter<long>("metering.subscriptions.lease.report.refused", "{report}", "Reports of unknown leases or with impossible totals.");

    private static readonly Histogram<double> Duration =
        Meter.CreateHistogram<double>("metering.subscriptions.lease.exchange.duration", "s", "Time from request to commit of a lease exchange.");

    private static readonly Counter<long> Shares =
        Meter.CreateCounter<long>("metering.subscriptions.shares", "{share}", "Shares of limits that sidecars asked for, by outcome.");

    private static readonly Histogram<double> SharesDuration =
        Meter.CreateHistogram<double>("metering.subscriptions.share.exchange.duration", "s", "Time from request to answer of an exchange of shares.");

    public static void Exchanged(ShareExchangeResponse response, TimeSpan elapsed)
    {
        foreach (var group in response.Shares.CountBy(answer => !answer.Applied ? "overtaken" : answer.Parts > 0 ? "held" : "none"))
        {
            Shares.Add(group.Value, new KeyValuePair<string, object?>("outcome", group.Key));
        }

        SharesDuration.Record(elapsed.TotalSeconds);
    }

    public static void Exchanged(LeaseExchangeResponse response, TimeSpan elapsed)
    {
        Granted.Add(response.Leases.Sum(answer => answer.Granted));
        Refused.Add(response.Leases.Count(answer => answer.Outcome == LeaseOutcome.Exhausted));
        BadReports.Add(response.Reports.Count(answer => answer.Outcome is ReportOutcome.Unknown or ReportOutcome.OutOfRange));
        Duration.Record(elapsed.TotalSeconds);
    }
}
