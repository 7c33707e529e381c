using System.Collections.Immutable;
using System.Text.Json;
using Metering.Contracts.Sidecar;
using Metering.EnforcementSidecar.Json;
using Microsoft.AspNetCore.Http;

namespace Metering.EnforcementSidecar.Tests.Support;

/// <summary>The server's half of settling, over a dictionary: the first settlement of a reservation stands.</summary>
internal sealed partial class FakeHost
{
    private readonly HashSet<(string Reservation, string Entitlement)> settled = [];

    private readonly List<ReservationSettlement> settlements = [];

    /// <summary>Those that stand.</summary>
    public ImmutableArray<ReservationSettlement> SettlementsNow()
    {
        lock (gate)
        {
            return [.. settlements];
        }
    }

    /// <summary>What was spent of a pool and reported.</summary>
    public Task UntilSpentAsync(string entitlementId, long units) =>
        Eventually.TrueAsync(() => SettledOf(entitlementId) == units, $"{units} units of {entitlementId} to be reported");

    /// <summary>Answers as a connection that breaks after the work was done, so many times.</summary>
    public int SettlementAnswersToLose { get; set; }

    private async Task SettleAsync(HttpContext context)
    {
        var request = (await JsonSerializer.DeserializeAsync(context.Request.Body, SidecarJson.Default.SettlementExchangeRequest))!;
        SettlementExchangeResponse answer;
        lock (gate)
        {
            answer = new SettlementExchangeResponse([.. request.Settlements.Select(Settle)]);
            if (SettlementAnswersToLose-- > 0)
            {
                context.Abort();
                return;
            }
        }

        await JsonSerializer.SerializeAsync(context.Response.Body, answer, SidecarJson.Default.SettlementExchangeResponse);
    }

    private SettlementOutcome Settle(ReservationSettlement one)
    {
        if (!pools.TryGetValue(one.EntitlementId, out var pool) || (one.PeriodStart is { } start && start != pool.PeriodStart))
        {
            return SettlementOutcome.Unknown;
        }

        if (!settled.Add((one.ReservationId, one.EntitlementId)))
        {
            return SettlementOutcome.AlreadySettled;
        }

        settlements.Add(one);
        pool.Settled += Math.Min(one.Used - one.Reserved, pool.Soft ? long.MaxValue : Math.Max(0, pool.Free));
        return SettlementOutcome.Recorded;
    }
}
