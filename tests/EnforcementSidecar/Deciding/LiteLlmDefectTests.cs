using System.Net;
using Metering.Contracts.Sidecar;
using Metering.EnforcementSidecar.Tests.Support;
using NodaTime;
using Xunit;

namespace Metering.EnforcementSidecar.Tests.Deciding;

/// <summary>
/// What went wrong elsewhere and must not here, by the number of the report at BerriAI/litellm. Those about requests in flight stand with them.
/// </summary>
public sealed class LiteLlmDefectTests
{
    private static async Task<int> AdmittedAsync(int requests, Func<int, Task<HttpResponseMessage>> ask) =>
        (await Task.WhenAll(Enumerable.Range(0, requests).Select(ask))).Count(answer => answer.StatusCode == HttpStatusCode.OK);

    [Fact]
    public async Task LiteLLM_40095_the_first_requests_of_a_customer_that_nobody_has_seen_do_not_pass_its_limit()
    {
        await using var host = await FakeHost.StartAsync();
        await using var sidecar = await TestSidecar.StartAsync(host);
        var entitlement = Some.Id();
        host.AddPool(entitlement, 5);
        host.Put(Some.Customer("new", Some.Feature("summarize", Some.Hard(entitlement, 5))));
        await host.SettleChangesAsync();

        Assert.Equal(5, await AdmittedAsync(60, _ => sidecar.CheckAsync("new")));
    }

    [Fact]
    public async Task LiteLLM_26672_all_at_once_at_two_sidecars_no_more_than_the_limit_is_admitted_and_every_unit_is_accounted_for()
    {
        await using var host = await FakeHost.StartAsync();
        var entitlement = Some.Id();
        host.AddPool(entitlement, 30);
        host.Put(Some.Customer("free", Some.Feature("summarize", Some.Hard(entitlement, 30))));
        var admitted = 0;
        await using (var one = await TestSidecar.StartAsync(host))
        await using (var other = await TestSidecar.StartAsync(host))
        {
            admitted += await AdmittedAsync(99, i => (i % 2 == 0 ? one : other).CheckAsync("free"));
            Assert.InRange(admitted, 1, 30);
        }

        Assert.Equal((admitted, 0), (host.SettledOf(entitlement), host.HeldOf(entitlement)));
    }

    [Fact]
    public async Task LiteLLM_42653_a_sidecar_that_starts_before_the_server_admits_nothing_on_its_own()
    {
        await using var host = await FakeHost.StartAsync();
        var entitlement = Some.Id();
        host.AddPool(entitlement, 5);
        host.Put(Some.Customer("free", Some.Feature("summarize", Some.Hard(entitlement, 5))));
        await host.GoAwayAsync();
        await using var sidecar = await TestSidecar.StartAsync(host, waitUntilReady: false);

        for (var i = 0; i < 10; i++)
        {
            var answer = await sidecar.CheckAsync("free");
            Assert.Equal((HttpStatusCode.ServiceUnavailable, "not_ready"), (answer.StatusCode, answer.Header("X-Meter-Reason")));
        }

        await host.ComeBackAsync();
        await Eventually.TrueAsync(async () => (await sidecar.CheckAsync("free")).StatusCode == HttpStatusCode.OK, "the server");
        Assert.Equal(4, await AdmittedAsync(20, _ => sidecar.CheckAsync("free")));
    }

    [Fact]
    public async Task LiteLLM_39726_trying_again_and_again_does_not_put_off_when_the_limit_admits()
    {
        await using var host = await FakeHost.StartAsync();
        host.Put(Some.Customer("free", Some.Feature("summarize", null, new RateLimitTerms(5, 60, 5))));
        await using var sidecar = await TestSidecar.StartAsync(host);
        Assert.Equal(5, await AdmittedAsync(5, _ => sidecar.CheckAsync("free")));

        for (var second = 1; second < 12; second++)
        {
            await host.MoveToAsync(host.Now + Duration.FromSeconds(1));
            Assert.Equal(0, await AdmittedAsync(10, _ => sidecar.CheckAsync("free")));
        }

        await host.MoveToAsync(host.Now + Duration.FromSeconds(1));
        Assert.Equal(1, await AdmittedAsync(10, _ => sidecar.CheckAsync("free")));
    }

    [Fact]
    public async Task LiteLLM_12789_what_nobody_has_given_to_the_customer_is_denied_on_every_way_of_asking()
    {
        await using var host = await FakeHost.StartAsync();
        host.Put(Some.Customer("free", Some.Feature("summarize")));
        await using var sidecar = await TestSidecar.StartAsync(host);

        foreach (var path in (string[])["/v1/check", "/v1/check/", "/v1/check/pass-through/openai/v1/chat/completions", "/v1/check/v1/limits"])
        {
            Assert.Equal(HttpStatusCode.Forbidden, (await sidecar.SendAsync(HttpMethod.Post, path, "free", "pass-through")).StatusCode);
            Assert.Equal(HttpStatusCode.BadRequest, (await sidecar.SendAsync(HttpMethod.Post, path, "free", null)).StatusCode);
        }
    }
}
