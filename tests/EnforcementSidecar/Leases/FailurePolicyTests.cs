using System.Net;
using Metering.EnforcementSidecar.Tests.Support;
using Xunit;

namespace Metering.EnforcementSidecar.Tests.Leases;

public sealed class FailurePolicyTests
{
    [Fact]
    public async Task Without_the_server_a_hard_limit_is_spent_from_the_lease_and_then_undecided_while_the_rest_goes_on()
    {
        await using var host = await FakeHost.StartAsync();
        var (hard, soft) = (Some.Id(), Some.Id());
        host.AddPool(hard, 1_000);
        host.AddPool(soft, 1_000, soft: true);
        var (limited, lenient) = (Some.Feature("hard", Some.Hard(hard, 1_000)), Some.Feature("soft", Some.Soft(soft, 1_000)));
        host.Put(Some.Customer("free", limited, lenient, Some.Feature("unlimited")));
        await using var sidecar = await TestSidecar.StartAsync(host);
        Assert.Equal(HttpStatusCode.OK, (await sidecar.CheckAsync("free", "hard")).StatusCode);
        await host.GoAwayAsync();

        var held = host.HeldOf(hard);
        var admitted = 0;
        HttpResponseMessage answer;
        while ((answer = await sidecar.CheckAsync("free", "hard")).StatusCode == HttpStatusCode.OK)
        {
            admitted++;
        }

        Assert.InRange(admitted, 1, held);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.Equal("lease_unavailable", answer.Header("X-Meter-Reason"));
        Assert.Equal("1", answer.Header("Retry-After"));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await sidecar.CheckAsync("free", "hard", ("X-Meter-Flavor", "nginx"))).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await sidecar.CheckAsync("free", "soft")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await sidecar.CheckAsync("free", "unlimited")).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await sidecar.CheckAsync("free", "other")).StatusCode);

        await host.ComeBackAsync();
        await Eventually.TrueAsync(async () => (await sidecar.CheckAsync("free", "hard")).StatusCode == HttpStatusCode.OK, "the server");
    }

    [Fact]
    public async Task An_entitlement_that_the_server_does_not_know_yet_is_undecided_and_not_denied()
    {
        await using var host = await FakeHost.StartAsync();
        host.Put(Some.Customer("free", Some.Feature("summarize", Some.Hard(Some.Id(), 10))));
        await using var sidecar = await TestSidecar.StartAsync(host);

        var answer = await sidecar.CheckAsync("free");

        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.Equal("entitlement_unknown", answer.Header("X-Meter-Reason"));
    }

    [Fact]
    public async Task Killed_in_the_middle_of_traffic_a_sidecar_settles_exactly_what_it_had_admitted()
    {
        await using var host = await FakeHost.StartAsync();
        const long cap = 2_000;
        var entitlement = Some.Id();
        host.AddPool(entitlement, cap);
        host.Put(Some.Customer("free", Some.Feature("summarize", Some.Hard(entitlement, cap))));
        var directory = Directory.CreateTempSubdirectory("metering-sidecar-").FullName;
        var admitted = 0;
        var unanswered = 0;

        for (var life = 0; life < 3; life++)
        {
            await using var sidecar = await SidecarProcess.StartAsync(host, directory);
            sidecar.Client.DefaultRequestHeaders.Add("X-Api-Key", "free");
            sidecar.Client.DefaultRequestHeaders.Add("X-Meter-Feature", "summarize");
            var traffic = Enumerable.Range(0, 8).Select(async _ =>
            {
                for (var i = 0; i < 400; i++)
                {
                    try
                    {
                        var answer = await sidecar.Client.GetAsync("/v1/check");
                        Interlocked.Add(ref admitted, answer.StatusCode == HttpStatusCode.OK ? 1 : 0);
                    }
                    catch (HttpRequestException)
                    {
                        Interlocked.Increment(ref unanswered);
                        return;
                    }
                }
            }).ToList();
            var enough = (life + 1) * 300;
            await Eventually.TrueAsync(() => Volatile.Read(ref admitted) > enough);
            await sidecar.KillAsync();
            await Task.WhenAll(traffic);
        }

        // The next life settles what the last one left, before it takes anything itself.
        await using (await SidecarProcess.StartAsync(host, directory))
        {
            await Eventually.TrueAsync(() => host.HeldOf(entitlement) == 0, "recovery");
        }

        // A request that was being answered when the process died is spent but was not seen: never the other way round.
        Assert.InRange(host.SettledOf(entitlement), admitted, admitted + unanswered);
        Assert.True(host.SettledOf(entitlement) <= cap);
        Assert.Equal(0, host.OutOfRange);
    }
}
