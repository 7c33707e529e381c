using System.Collections.Immutable;
using System.Text.Json;
using Metering.Contracts.Sidecar;
using Metering.EnforcementSidecar.Access;
using Metering.EnforcementSidecar.Identifiers;
using Metering.EnforcementSidecar.Spooling;

namespace Metering.EnforcementSidecar.Reservations;

/// <summary>
/// Settles what nobody settled in time, as the feature's policy says. What is charged becomes a usage event like any other, under the id of the
/// reservation: a settlement that comes later still is in conflict with it and is shown as that, never counted twice.
/// </summary>
internal sealed class OrphanSettling(
    OpenReservations open, AccessState access, EventSpool spool, SettlementClient settlements, TimeProvider monotonic,
    ILogger<OrphanSettling> logger) : BackgroundService
{
    private const int MaxAtOnce = 500;
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Later = TimeSpan.FromSeconds(2);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Look, monotonic);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                await SettleDueAsync(stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // What is open stays written down for the next start.
        }
    }

    private async Task SettleDueAsync(CancellationToken cancellationToken)
    {
        if (access.Known is not { } directory)
        {
            return;
        }

        var unmetered = new List<(OpenReservation One, ImmutableArray<ReservationSettlement> Settlements)>();
        foreach (var one in open.Due().Take(MaxAtOnce).Where(one => one.TryClaim()).ToList())
        {
            if (ReservationToken.Read(one.Token, directory.ReservationKey, out var reservation) != ReservationReading.Valid)
            {
                logger.OpenReservationLost();
                open.Close(one);
                continue;
            }

            var call = CountedCall.OfOrphan(reservation, one.Policy, one.Counts);
            var used = Math.Min(call.UnitsOf(one.Counts), reservation.Units);
            if (EventOf(directory, reservation, call, used) is not { } payload)
            {
                unmetered.Add((one, [.. SettledEvent.SettlementsOf(reservation.Id, reservation.Quotas, reservation.Units, used)]));
            }
            else if (await spool.AppendAsync(payload) == SpoolOutcome.Stored)
            {
                Settled(one);
            }
            else
            {
                open.Postpone(one, Later);
            }
        }

        await GiveBackAsync(unmetered, cancellationToken);
    }

    /// <summary>What has no event has only its settlement; it stays open until Host has taken that.</summary>
    private async Task GiveBackAsync(
        List<(OpenReservation One, ImmutableArray<ReservationSettlement> Settlements)> unmetered, CancellationToken cancellationToken)
    {
        if (unmetered.Count == 0)
        {
            return;
        }

        var all = unmetered.SelectMany(pair => pair.Settlements).ToList();
        var verdict = ShipmentVerdict.TryAgain;
        try
        {
            verdict = await settlements.ReportAsync(all, cancellationToken);
        }
        finally
        {
            foreach (var (one, _) in unmetered)
            {
                if (verdict == ShipmentVerdict.TryAgain)
                {
                    open.Postpone(one, Later);
                }
                else
                {
                    Settled(one);
                }
            }
        }
    }

    private void Settled(OpenReservation one)
    {
        open.Close(one);
        SidecarMetrics.Orphans.Add(1);
        logger.ReservationOrphaned(Ulid.Format(one.Id), one.Policy);
    }

    /// <summary>Null when nothing is charged, or nothing can be: the feature has no meter, or the customer is gone.</summary>
    private static byte[]? EventOf(AccessDirectory directory, in Reservation reservation, in CountedCall call, long used)
    {
        var customer = directory.FindById(reservation.CustomerId);
        return used > 0 && customer?.Find(reservation.FeatureKey)?.EventType is { } type
            ? SettledEvent.Compose(reservation, type, customer.Subject, default(JsonElement), call, used)
            : null;
    }
}
