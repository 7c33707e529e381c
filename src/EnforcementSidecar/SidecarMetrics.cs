using System.Diagnostics.Metrics;

namespace Metering.EnforcementSidecar;

/// <summary>What an operator can count. Read through System.Diagnostics.Metrics (dotnet-counters, an OTLP agent).</summary>
internal static class SidecarMetrics
{
    private static readonly Meter Meter = new("Metering.EnforcementSidecar");

    public static readonly Counter<long> Decisions =
        Meter.CreateCounter<long>("metering.sidecar.decisions", "{decision}", "Checks decided, by outcome.");

    public static readonly Counter<long> DecisionsWithoutHost = Meter.CreateCounter<long>(
        "metering.sidecar.decisions_without_host", "{decision}", "Checks decided while Host was not heard from, by class of limit and outcome.");

    public static readonly Counter<long> SlotsExpired = Meter.CreateCounter<long>(
        "metering.sidecar.slots_expired", "{request}", "Requests in flight that nobody released before their deadline.");

    public static readonly Counter<long> LeaseExchanges =
        Meter.CreateCounter<long>("metering.sidecar.lease_exchanges", "{exchange}", "Calls to Host about leases, by outcome.");

    public static readonly Counter<long> ShareExchanges =
        Meter.CreateCounter<long>("metering.sidecar.share_exchanges", "{exchange}", "Calls to Host about shares of limits, by outcome.");

    public static readonly Counter<long> SnapshotChanges =
        Meter.CreateCounter<long>("metering.sidecar.snapshot_changes", "{customer}", "Customers whose access was replaced.");

    public static readonly Counter<long> EventsSpooled =
        Meter.CreateCounter<long>("metering.sidecar.events_spooled", "{event}", "Usage events made durable here.");

    public static readonly Counter<long> EventsShipped =
        Meter.CreateCounter<long>("metering.sidecar.events_shipped", "{event}", "Usage events that Host has accepted.");

    public static readonly Counter<long> EventsParked =
        Meter.CreateCounter<long>("metering.sidecar.events_parked", "{event}", "Usage events that Host refused for good; kept in the parked file.");

    public static readonly Counter<long> Settlements =
        Meter.CreateCounter<long>("metering.sidecar.settlements", "{settlement}", "Uses of reservations that Host was told.");

    public static readonly Counter<long> ReservedUnits =
        Meter.CreateCounter<long>("metering.sidecar.reserved_units", "{unit}", "Units reserved for calls of models that have been settled.");

    public static readonly Counter<long> UnusedUnits =
        Meter.CreateCounter<long>("metering.sidecar.unused_units", "{unit}", "Of those, units that were not used and come back.");

    public static readonly Counter<long> OverrunUnits =
        Meter.CreateCounter<long>("metering.sidecar.overrun_units", "{unit}", "Units used beyond what was reserved for them.");

    public static readonly Counter<long> Orphans =
        Meter.CreateCounter<long>("metering.sidecar.orphans", "{reservation}", "Reservations that nobody settled in time.");

    public static KeyValuePair<string, object?> Outcome(string outcome) => new("outcome", outcome);
}
