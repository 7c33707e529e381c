using System.Net;
using Metering.Contracts.Sidecar;
using Metering.EnforcementSidecar.Tests.Support;
using Xunit;

namespace Metering.EnforcementSidecar.Tests.Reservations;

/// <summary>Defects that other gateways have had, by their number there; money is counted in hundredths of a cent.</summary>
public sealed class KnownDefectTests
{
    private const long TenCents = 1_000;
    private const long FiveDollars = 50_000;

    private static async Task<(FakeHost Host, TestSidecar[] Sidecars, string Entitlement)> StartAsync(int sidecars, long cap)
    {
        var host = await FakeHost.StartAsync();
        var entitlement = Some.Id();
        host.AddPool(entitlement, cap);
        host.Put(Some.Customer("team", Some.Feature("summarize", Some.Hard(entitlement, cap))));
        var running = await Task.WhenAll(Enumerable.Range(0, sidecars).Select(_ => TestSidecar.StartAsync(host)));
        await host.MoveToAsync(host.Now, sidecars);
        return (host, running, entitlement);
    }

    private static async Task StopAsync(FakeHost host, TestSidecar[] sidecars)
    {
        foreach (var sidecar in sidecars)
        {
            await sidecar.DisposeAsync();
        }

        await host.DisposeAsync();
    }

    private static async Task<List<string>> AdmittedAsync(TestSidecar[] sidecars, int requests, long units)
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, requests).Select(
            i => sidecars[i % sidecars.Length].CheckAsync("team", "summarize", ReservationCalls.Units(units))));
        Assert.All(answers, answer => Assert.True((int)answer.StatusCode is 200 or 429, $"{answer.StatusCode} {answer.Header("X-Meter-Reason")}"));
        return [.. answers.Where(answer => answer.StatusCode == HttpStatusCode.OK).Select(answer => answer.Header("X-Meter-Reservation")!)];
    }

    [Fact]
    public async Task A_thousand_concurrent_reserves_of_ten_cents_at_a_cap_of_five_dollars_admit_fifty()
    {
        var (host, sidecars, entitlement) = await StartAsync(1, FiveDollars);
        Assert.Equal(50, (await AdmittedAsync(sidecars, 1_000, TenCents)).Count);
        await host.UntilUsedAsync(entitlement, FiveDollars);
        await StopAsync(host, sidecars);
    }

    [Fact]
    public async Task A_thousand_concurrent_reserves_over_eight_sidecars_never_admit_more_than_fifty()
    {
        var (host, sidecars, entitlement) = await StartAsync(8, FiveDollars);
        var admitted = (await AdmittedAsync(sidecars, 1_000, TenCents)).Count;
        Assert.InRange(admitted, 1, 50);

        // What one sidecar holds and did not need comes back, and then the rest is admitted to the last unit.
        await Eventually.TrueAsync(
            async () => (admitted += (await AdmittedAsync(sidecars, 1, TenCents)).Count) == 50, "the fiftieth");
        Assert.Empty(await AdmittedAsync(sidecars, 50, TenCents));
        await host.UntilUsedAsync(entitlement, FiveDollars);
        await StopAsync(host, sidecars);
    }

    [Fact]
    public async Task LiteLLM_34732_concurrent_requests_do_not_pass_a_budget_before_their_spend_is_recorded()
    {
        var (host, sidecars, entitlement) = await StartAsync(2, 10);
        var admitted = await AdmittedAsync(sidecars, 64, 3);
        Assert.InRange(admitted.Count, 1, 3);
        Assert.True(host.SettledOf(entitlement) + host.HeldOf(entitlement) <= 10);
        await StopAsync(host, sidecars);
    }

    [Fact]
    public async Task LiteLLM_26672_spend_does_not_grow_beyond_the_maximum_however_often_it_is_tried()
    {
        var (host, sidecars, entitlement) = await StartAsync(1, 30);
        var spent = 0L;
        for (var round = 0; round < 20; round++)
        {
            foreach (var reservation in await AdmittedAsync(sidecars, 10, 1))
            {
                spent++;
                Assert.Equal(HttpStatusCode.Accepted, (await sidecars[0].SettleAsync(reservation)).StatusCode);
            }
        }

        Assert.Equal(30, spent);
        await host.UntilUsedAsync(entitlement, 30);
        await StopAsync(host, sidecars);
    }

    [Fact]
    public async Task LiteLLM_23714_a_key_whose_budget_is_used_up_stays_denied_on_every_sidecar_and_after_a_restart()
    {
        var (host, sidecars, _) = await StartAsync(2, 5);
        Assert.Equal(5, (await AdmittedAsync([sidecars[0]], 20, 1)).Count);
        var restarted = await TestSidecar.StartAsync(host);

        Assert.Empty(await AdmittedAsync([.. sidecars, restarted], 30, 1));
        await StopAsync(host, [.. sidecars, restarted]);
    }

    [Fact]
    public async Task LiteLLM_40095_the_first_requests_of_a_customer_nobody_has_seen_yet_are_bounded_as_any_others()
    {
        var (host, sidecars, _) = await StartAsync(1, 1);
        var entitlement = Some.Id();
        host.AddPool(entitlement, 2);
        host.Put(Some.Customer("newcomer", Some.Feature("summarize", Some.Hard(entitlement, 2))));
        await host.SettleChangesAsync();

        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => sidecars[0].CheckAsync("newcomer")));

        Assert.Equal(2, answers.Count(answer => answer.StatusCode == HttpStatusCode.OK));
        await StopAsync(host, sidecars);
    }

    [Fact]
    public async Task LiteLLM_27639_reservations_of_calls_that_never_ran_do_not_block_a_customer_who_spent_nothing()
    {
        await using var host = await FakeHost.StartAsync();
        var terms = Some.Reserved(onOrphan: OrphanPolicy.Refund) with { UpstreamTimeoutSeconds = 1, GraceSeconds = 0 };
        var entitlement = host.PutModelCustomer("team", 1_000, terms);
        await using var sidecar = await TestSidecar.StartAsync(host);
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(HttpStatusCode.OK, (await sidecar.CheckAsync("team", "chat", ("X-Meter-Input-Bytes", "100"))).StatusCode);
        }

        Assert.Equal(HttpStatusCode.TooManyRequests, (await sidecar.CheckAsync("team", "chat", ("X-Meter-Input-Bytes", "100"))).StatusCode);
        await host.UntilUsedAsync(entitlement, 0);
        Assert.Equal(HttpStatusCode.OK, (await sidecar.CheckAsync("team", "chat", ("X-Meter-Input-Bytes", "800"))).StatusCode);
    }

    [Fact]
    public async Task LiteLLM_30460_timeouts_and_repetitions_do_not_inflate_what_was_used()
    {
        var (host, sidecars, entitlement) = await StartAsync(2, 1_000);
        var reservations = await AdmittedAsync([sidecars[0]], 10, 100);
        Assert.Equal(10, reservations.Count);
        host.SettlementAnswersToLose = 3;

        // Late, twice, on either sidecar, in another order than they were made.
        foreach (var reservation in reservations.Concat(Enumerable.Reverse(reservations)))
        {
            Assert.Equal(HttpStatusCode.Accepted, (await sidecars[0].SettleAsync(reservation, "\"units\":14")).StatusCode);
            Assert.Equal(HttpStatusCode.Accepted, (await sidecars[1].SettleAsync(reservation, "\"units\":14")).StatusCode);
        }

        await host.UntilUsedAsync(entitlement, 140);
        await Eventually.TrueAsync(() => host.EventsNow().Length >= 40, "every settlement");
        Assert.Equal(10, host.EventsNow().Select(one => (string?)one["id"]).Distinct().Count());
        Assert.Equal(140, host.SettlementsNow().Sum(one => one.Used));
        await Eventually.TrueAsync(async () => (await AdmittedAsync([sidecars[0]], 1, 800)).Count == 1, "the rest of the budget");
        await StopAsync(host, sidecars);
    }
}
