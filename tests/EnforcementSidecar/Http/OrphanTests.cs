using System.Net;
using Metering.Contracts.Sidecar;
using Metering.EnforcementSidecar.Tests.Support;
using Xunit;

namespace Metering.EnforcementSidecar.Tests.Http;

public sealed class OrphanTests
{
    private static ReservationTerms Short(OrphanPolicy policy) =>
        Some.Reserved(onOrphan: policy) with { UpstreamTimeoutSeconds = 1, GraceSeconds = 0 };

    [Theory]
    [InlineData(OrphanPolicy.ChargeReserved, 1_200)]
    [InlineData(OrphanPolicy.ChargePrompt, 300)]
    [InlineData(OrphanPolicy.Refund, 0)]
    public async Task What_nobody_settles_in_time_the_policy_settles(OrphanPolicy policy, long used)
    {
        await using var host = await FakeHost.StartAsync();
        var entitlement = host.PutModelCustomer("free", 10_000, Short(policy));
        await using var sidecar = await TestSidecar.StartAsync(host);
        var reservation = (await sidecar.CheckAsync("free", "chat", ("X-Meter-Input-Bytes", "1000"))).Header("X-Meter-Reservation")!;

        await host.UntilUsedAsync(entitlement, used);
        await Eventually.TrueAsync(() => host.SettlementsNow().Length == 1, "the settlement");

        Assert.Equal((reservation[..26], used), host.SettlementsNow().Select(one => (one.ReservationId, one.Used)).Single());
        await Eventually.TrueAsync(() => host.EventsNow().Length == (used > 0 ? 1 : 0), "the event");
        foreach (var usage in host.EventsNow())
        {
            Assert.Equal(reservation[..26], (string?)usage["id"]);
            Assert.Equal((true, true, used),
                ((bool)usage["data"]!["orphaned"]!, (bool)usage["data"]!["estimated"]!, (long)usage["data"]!["usage"]!["total_tokens"]!));
        }
    }

    [Theory]
    [InlineData(OrphanPolicy.ChargePrompt, 300)]
    [InlineData(OrphanPolicy.Refund, 0)]
    public async Task A_killed_sidecar_leaves_open_reservations_to_the_next(OrphanPolicy policy, long used)
    {
        await using var host = await FakeHost.StartAsync();
        var entitlement = host.PutModelCustomer("free", 100_000, Short(policy) with { GraceSeconds = 1 });
        var directory = Directory.CreateTempSubdirectory("metering-sidecar-").FullName;
        var ids = new List<string>();
        await using (var sidecar = await SidecarProcess.StartAsync(host, directory))
        {
            sidecar.Client.DefaultRequestHeaders.Add("X-Api-Key", "free");
            sidecar.Client.DefaultRequestHeaders.Add("X-Meter-Feature", "chat");
            sidecar.Client.DefaultRequestHeaders.Add("X-Meter-Input-Bytes", "1000");
            for (var i = 0; i < 10; i++)
            {
                ids.Add((await sidecar.Client.GetAsync("/v1/check")).Header("X-Meter-Reservation")!);
            }

            Assert.Equal(HttpStatusCode.Accepted, (await sidecar.Client.SettleAsync(ids[0], "\"units\":7")).StatusCode);
            await sidecar.KillAsync();
        }

        await using (await SidecarProcess.StartAsync(host, directory))
        {
            await Eventually.TrueAsync(() => host.SettlementsNow().Length == 10, "every reservation to be settled");
            await host.UntilUsedAsync(entitlement, 7 + (9 * used));
        }

        Assert.Equal(ids.Select(id => id[..26]).Order(), host.SettlementsNow().Select(one => one.ReservationId).Order());
    }

    [Fact]
    public async Task A_settlement_in_time_leaves_nothing_to_the_policy()
    {
        await using var host = await FakeHost.StartAsync();
        var entitlement = host.PutModelCustomer("free", 10_000, Short(OrphanPolicy.ChargeReserved));
        await using var sidecar = await TestSidecar.StartAsync(host);
        var settled = (await sidecar.CheckAsync("free", "chat", ("X-Meter-Input-Bytes", "1000"))).Header("X-Meter-Reservation")!;
        await sidecar.SettleAsync(settled, "\"units\":5");
        var orphaned = (await sidecar.CheckAsync("free", "chat", ("X-Meter-Input-Bytes", "100"))).Header("X-Meter-Reservation")!;

        // The later one's end proves that the earlier one's has passed.
        await Eventually.TrueAsync(() => host.EventsNow().Any(one => (string?)one["id"] == orphaned[..26]), "the orphan");
        Assert.Equal(2, host.EventsNow().Length);
        await host.UntilUsedAsync(entitlement, 5 + 300);
    }

    [Fact]
    public async Task A_settlement_that_comes_too_late_changes_nothing_of_what_was_charged()
    {
        await using var host = await FakeHost.StartAsync();
        var entitlement = host.PutModelCustomer("free", 10_000, Short(OrphanPolicy.ChargePrompt));
        await using var sidecar = await TestSidecar.StartAsync(host);
        var reservation = (await sidecar.CheckAsync("free", "chat", ("X-Meter-Input-Bytes", "1000"))).Header("X-Meter-Reservation")!;
        await host.UntilUsedAsync(entitlement, 300);

        Assert.Equal(HttpStatusCode.Accepted, (await sidecar.SettleAsync(reservation, "\"units\":1000")).StatusCode);

        // The event arrives under the same id and is in conflict with the first there; the quota stays as it was settled.
        await Eventually.TrueAsync(() => host.EventsNow().Length == 2, "both events");
        Assert.Single(host.EventsNow().Select(one => (string?)one["id"]).Distinct());
        Assert.Single(host.SettlementsNow());
        await host.UntilUsedAsync(entitlement, 300);
    }
}
