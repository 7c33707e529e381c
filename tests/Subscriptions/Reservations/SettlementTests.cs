using System.Net.Http.Json;
using System.Text.Json;
using Metering.Contracts.Sidecar;
using Metering.Platform.Http;
using Metering.Subscriptions.Tests.Leases;
using Metering.Subscriptions.Tests.Snapshots;
using Metering.Testing;
using NodaTime;
using Xunit;

namespace Metering.Subscriptions.Tests.Reservations;

public sealed class SettlementTests
{
    private static async Task<SettlementOutcome[]> SettleAsync(TestHost host, params ReservationSettlement[] settlements)
    {
        using var response = await host.Client.PostAsJsonAsync(
            "/api/v1/sidecar/settlements", new SettlementExchangeRequest("one", [.. settlements]), MeteringJson.Options);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, text);
        return [.. JsonSerializer.Deserialize<SettlementExchangeResponse>(text, MeteringJson.Options)!.Outcomes];
    }

    private static ReservationSettlement Settlement(TestHost host, LeaseAnswer lease, long reserved, long used) =>
        new(LeaseCalls.NewId(host), lease.EntitlementId, lease.PeriodStart, host.Now, reserved, used);

    private static async Task AssertPoolAsync(TestHost host, long settled, long held)
    {
        var pool = (await host.GetAsync("/api/v1/sidecar/pools"))["items"]![0]!;
        Assert.Equal((settled, held, true), ((long)pool["settled"]!, (long)pool["held"]!, (bool)pool["conserves"]!));
    }

    [Fact]
    public async Task What_a_reservation_did_not_use_is_free_again_once()
    {
        await using var host = await Shop.OpenAsync();
        var lease = await host.AskAsync(await Shop.CustomerOnAsync(host, "free"), wanted: 100, needed: 100);
        await host.ReportAsync(lease.LeaseId, 100, close: true);
        var settlement = Settlement(host, lease, reserved: 60, used: 10);

        Assert.Equal([SettlementOutcome.Recorded, SettlementOutcome.AlreadySettled], await SettleAsync(host, settlement, settlement));
        Assert.Equal([SettlementOutcome.AlreadySettled], await SettleAsync(host, settlement with { Used = 0 }));

        await AssertPoolAsync(host, settled: 50, held: 0);
        Assert.Equal(50, (await host.AskAsync(lease.EntitlementId, wanted: 50, needed: 50)).Granted);
        Assert.Equal(LeaseOutcome.Exhausted, (await host.AskAsync(lease.EntitlementId, wanted: 1, needed: 1)).Outcome);
    }

    [Fact]
    public async Task A_settlement_may_come_before_the_lease_has_reported()
    {
        await using var host = await Shop.OpenAsync();
        var lease = await host.AskAsync(await Shop.CustomerOnAsync(host, "free"), wanted: 100, needed: 100);

        Assert.Equal([SettlementOutcome.Recorded], await SettleAsync(host, Settlement(host, lease, reserved: 60, used: 10)));

        // Of 100 units that are out, 50 are known not to be used; the others may be.
        await AssertPoolAsync(host, settled: -50, held: 100);
        await host.ReportAsync(lease.LeaseId, 60);
        await AssertPoolAsync(host, settled: 10, held: 40);
        await host.ReportAsync(lease.LeaseId, 60, close: true);
        Assert.Equal(90, (await host.AskAsync(lease.EntitlementId, wanted: 90, needed: 90)).Granted);
    }

    [Fact]
    public async Task What_was_used_beyond_a_reservation_is_taken_as_far_as_there_is_room()
    {
        await using var host = await Shop.OpenAsync();
        var lease = await host.AskAsync(await Shop.CustomerOnAsync(host, "free"), wanted: 90, needed: 90);
        await host.ReportAsync(lease.LeaseId, 90, close: true);

        await SettleAsync(host, Settlement(host, lease, reserved: 10, used: 14));
        await AssertPoolAsync(host, settled: 94, held: 0);
        await SettleAsync(host, Settlement(host, lease, reserved: 10, used: 500));
        await AssertPoolAsync(host, settled: 100, held: 0);
    }

    [Fact]
    public async Task Only_the_period_that_was_taken_from_gets_anything_back()
    {
        await using var host = await Shop.OpenAsync("2026-01-15T23:00:00Z");
        var lease = await host.AskAsync(await Shop.CustomerOnAsync(host, "free"), wanted: 100, needed: 100);
        await host.ReportAsync(lease.LeaseId, 100, close: true);
        var settlement = Settlement(host, lease, reserved: 100, used: 1);
        await host.AdvanceToAsync("2026-01-16T01:00:00Z");
        var today = await host.AskAsync(lease.EntitlementId, wanted: 100, needed: 100);
        await host.ReportAsync(today.LeaseId, 100, close: true);

        Assert.Equal(
            [SettlementOutcome.Unknown], await SettleAsync(host, settlement with { PeriodStart = lease.PeriodStart + Duration.FromHours(1) }));
        Assert.Equal([SettlementOutcome.Unknown], await SettleAsync(host, settlement with { PeriodStart = null }));
        Assert.Equal([SettlementOutcome.Recorded], await SettleAsync(host, settlement));

        await AssertPoolAsync(host, settled: 100, held: 0);
        Assert.Equal(LeaseOutcome.Exhausted, (await host.AskAsync(lease.EntitlementId, wanted: 1, needed: 1)).Outcome);
    }

    [Fact]
    public async Task A_settlement_after_five_weeks_is_left_to_the_events()
    {
        await using var host = await Shop.OpenAsync();
        var lease = await host.AskAsync(await Shop.CustomerOnAsync(host, "free"), wanted: 100, needed: 100);
        var settlement = Settlement(host, lease, reserved: 100, used: 1) with { ReservedAt = host.Now - Duration.FromDays(36) };

        Assert.Equal([SettlementOutcome.TooLate], await SettleAsync(host, settlement));
        await AssertPoolAsync(host, settled: 0, held: 100);
    }

    [Fact]
    public async Task A_plan_says_how_calls_are_reserved_and_every_sidecar_is_told()
    {
        await using var host = await Shop.OpenAsync();
        await Some.PublishedAsync(host, Some.Plan("chat", Some.Entitled("tokens", """
            {"type":"metered","issueAfterReset":1000,"usagePeriod":"P1D","reservation":
             {"mode":"strict","maxOutputTokens":4000,"defaultOutputTokens":1000,"counts":"output","overheadBytes":64,"maxContextTokens":128000,
              "onOrphan":"charge_prompt","upstreamTimeout":"PT5M","grace":"PT30S"} }
            """), Some.Entitled("advanced-reasoning", """{"type":"boolean","reservation":{"mode":"estimate","maxOutputTokens":10} }""")));
        await Shop.CustomerOnAsync(host, "chat", itemKey: "tokens");

        await using var sidecar = await FollowingSidecar.ConnectAsync(host);

        Assert.Equal(
            new ReservationTerms(ReservationMode.Strict, CountedTokens.Output, 1_000, 4_000, 64, 128_000, OrphanPolicy.ChargePrompt, 300, 30),
            sidecar.Feature("acme", "tokens")!.Reservation);
        Assert.Equal(
            new ReservationTerms(ReservationMode.Estimate, CountedTokens.Total, 10, 10, 512, null, OrphanPolicy.ChargeReserved, 600, 60),
            sidecar.Feature("acme", "advanced-reasoning")!.Reservation);
    }
}
