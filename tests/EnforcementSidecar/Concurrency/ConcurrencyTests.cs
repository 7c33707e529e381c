using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Metering.Contracts.Sidecar;
using Metering.EnforcementSidecar.Tests.Support;
using Xunit;

namespace Metering.EnforcementSidecar.Tests.Concurrency;

public sealed class ConcurrencyTests
{
    private static readonly string Entitlement = Some.Id();

    private static async Task<(FakeHost Host, TestSidecar Sidecar)> StartAsync(
        int limit, int maxSeconds = 600, long quota = 100, params RateLimitTerms[] rates)
    {
        var host = await FakeHost.StartAsync();
        host.AddPool(Entitlement, quota);
        var feature = Some.Feature("summarize", Some.Hard(Entitlement, quota), [.. rates]) with { Concurrency = new(limit, maxSeconds) };
        host.Put(Some.Customer("free", feature));
        return (host, await TestSidecar.StartAsync(host));
    }

    private static Task<HttpResponseMessage> EndAsync(TestSidecar sidecar, string path, HttpResponseMessage admitted) =>
        sidecar.Client.PostAsJsonAsync(path, new JsonObject { ["reservation"] = admitted.Header("X-Meter-Reservation") });

    [Fact]
    public async Task Past_the_limit_of_requests_in_flight_the_next_is_429_with_what_is_left_until_one_ends()
    {
        var (host, sidecar) = await StartAsync(2);
        await using var _ = host;
        await using var __ = sidecar;
        var first = await sidecar.CheckAsync("free");
        Assert.Contains("\"summarize-concurrency\";r=1", first.Header("RateLimit"), StringComparison.Ordinal);
        Assert.Contains("\"summarize-concurrency\";q=2;qu=\"concurrent-requests\"", first.Header("RateLimit-Policy"), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await sidecar.CheckAsync("free")).StatusCode);

        var denied = await sidecar.CheckAsync("free");
        Assert.Equal(HttpStatusCode.TooManyRequests, denied.StatusCode);
        Assert.Equal("concurrency_exhausted", denied.Header("X-Meter-Reason"));
        Assert.Equal("1", denied.Header("Retry-After"));
        var told = denied.Header("X-Meter-Limit");
        Assert.StartsWith("\"summarize-concurrency\";level=concurrency;limit=2;remaining=0;reset=", told, StringComparison.Ordinal);
        var body = await denied.JsonAsync();
        Assert.Equal(("concurrency", 2L, 0L), ((string?)body["level"], (long)body["limit"]!, (long)body["remaining"]!));
        Assert.Equal("summarize-concurrency", (string?)body["violated-policies"]![0]);
        Assert.StartsWith("2026-01-15T09:", (string?)body["resetsAt"], StringComparison.Ordinal);

        Assert.Equal(HttpStatusCode.Accepted, (await EndAsync(sidecar, "/v1/settle", first)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await sidecar.CheckAsync("free")).StatusCode);
        Assert.Equal(HttpStatusCode.TooManyRequests, (await sidecar.CheckAsync("free")).StatusCode);
    }

    [Fact]
    public async Task Released_twice_and_settled_as_well_a_request_gives_back_one_place()
    {
        var (host, sidecar) = await StartAsync(2);
        await using var _ = host;
        await using var __ = sidecar;
        var first = await sidecar.CheckAsync("free");
        await sidecar.CheckAsync("free");
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(HttpStatusCode.NoContent, (await EndAsync(sidecar, "/v1/release", first)).StatusCode);
        }

        Assert.Equal(HttpStatusCode.Accepted, (await EndAsync(sidecar, "/v1/settle", first)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await sidecar.CheckAsync("free")).StatusCode);
        Assert.Equal(HttpStatusCode.TooManyRequests, (await sidecar.CheckAsync("free")).StatusCode);
    }

    [Fact]
    public async Task LiteLLM_20256_a_request_that_nobody_ends_holds_its_place_until_its_deadline_and_no_longer()
    {
        var (host, sidecar) = await StartAsync(1, maxSeconds: 1);
        await using var _ = host;
        await using var __ = sidecar;
        var stuck = await sidecar.CheckAsync("free");
        Assert.Equal(HttpStatusCode.OK, stuck.StatusCode);

        await Eventually.TrueAsync(async () => (await sidecar.CheckAsync("free")).StatusCode == HttpStatusCode.OK, "the deadline");

        // Ended after all, it does not take away the place of the one that has it now.
        Assert.Equal(HttpStatusCode.NoContent, (await EndAsync(sidecar, "/v1/release", stuck)).StatusCode);
        var limits = await (await sidecar.SendAsync(HttpMethod.Get, "/v1/limits", "free", null)).JsonAsync();
        var known = limits["features"]![0]!["concurrency"]!;
        Assert.Equal((1L, 1L), ((long)known["limit"]!, (long)known["maxSeconds"]!));
    }

    [Fact]
    public async Task LiteLLM_27955_ended_one_after_the_other_any_number_of_requests_passes_a_limit_of_one()
    {
        var (host, sidecar) = await StartAsync(1);
        await using var _ = host;
        await using var __ = sidecar;
        for (var i = 0; i < 30; i++)
        {
            var admitted = await sidecar.CheckAsync("free");
            Assert.Equal(HttpStatusCode.OK, admitted.StatusCode);
            await EndAsync(sidecar, i % 2 == 0 ? "/v1/settle" : "/v1/release", admitted);
        }
    }

    [Fact]
    public async Task LiteLLM_40846_the_place_is_free_at_once_although_the_usage_is_not_shipped_yet()
    {
        var (host, sidecar) = await StartAsync(1);
        await using var _ = host;
        await using var __ = sidecar;
        var admitted = await sidecar.CheckAsync("free");
        host.FailingWith = 503;

        Assert.Equal(HttpStatusCode.Accepted, (await EndAsync(sidecar, "/v1/settle", admitted)).StatusCode);

        var limits = await (await sidecar.SendAsync(HttpMethod.Get, "/v1/limits", "free", null)).JsonAsync();
        Assert.Equal(1, (long)limits["features"]![0]!["concurrency"]!["remaining"]!);
        Assert.Empty(host.EventsNow());
    }

    [Fact]
    public async Task LiteLLM_39309_a_request_that_finds_no_place_burns_neither_rate_nor_quota()
    {
        var (host, sidecar) = await StartAsync(1, quota: 100, rates: new RateLimitTerms(5, 60, 5));
        await using var _ = host;
        await using var __ = sidecar;
        var admitted = await sidecar.CheckAsync("free");
        for (var i = 0; i < 20; i++)
        {
            Assert.Equal("concurrency_exhausted", (await sidecar.CheckAsync("free")).Header("X-Meter-Reason"));
        }

        await EndAsync(sidecar, "/v1/release", admitted);
        var next = await sidecar.CheckAsync("free");
        Assert.Contains("\"summarize-rate-60s\";r=3;", next.Header("RateLimit"), StringComparison.Ordinal);
        Assert.Contains("\"summarize-quota\";r=98;", next.Header("RateLimit"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_later_limit_denies_holds_no_place()
    {
        var (host, sidecar) = await StartAsync(10, quota: 3, rates: new RateLimitTerms(100, 60, 5));
        await using var _ = host;
        await using var __ = sidecar;
        for (var i = 0; i < 3; i++)
        {
            await sidecar.CheckAsync("free");
        }

        foreach (var (units, reason) in (ReadOnlySpan<(string, string)>)[("6", "rate_limited"), ("2", "quota_exhausted")])
        {
            Deny(units, reason);
        }

        var limits = await (await sidecar.SendAsync(HttpMethod.Get, "/v1/limits", "free", null)).JsonAsync();
        Assert.Equal(7, (long)limits["features"]![0]!["concurrency"]!["remaining"]!);

        void Deny(string units, string reason)
        {
            for (var i = 0; i < 12; i++)
            {
                var denied = sidecar.CheckAsync("free", "summarize", ("X-Meter-Units", units)).GetAwaiter().GetResult();
                Assert.Equal(reason, denied.Header("X-Meter-Reason"));
            }
        }
    }

    [Fact]
    public async Task The_same_request_asked_again_is_in_flight_once_and_a_denial_is_not_remembered()
    {
        var (host, sidecar) = await StartAsync(1);
        await using var _ = host;
        await using var __ = sidecar;
        var first = await sidecar.CheckAsync("free", "summarize", ("X-Meter-Request-Id", "a"));
        Assert.Equal(HttpStatusCode.OK, (await sidecar.CheckAsync("free", "summarize", ("X-Meter-Request-Id", "a"))).StatusCode);
        Assert.Equal(429, (int)(await sidecar.CheckAsync("free", "summarize", ("X-Meter-Request-Id", "b"))).StatusCode);

        await EndAsync(sidecar, "/v1/release", first);
        Assert.Equal(HttpStatusCode.OK, (await sidecar.CheckAsync("free", "summarize", ("X-Meter-Request-Id", "b"))).StatusCode);
    }

    [Fact]
    public async Task A_change_of_the_plan_forgets_nothing_that_is_in_flight()
    {
        var (host, sidecar) = await StartAsync(3);
        await using var _ = host;
        await using var __ = sidecar;
        var customer = Some.Customer("pro", Some.Feature("summarize") with { Concurrency = new ConcurrencyTerms(3, 600) });
        host.Put(customer);
        await host.SettleChangesAsync();
        var first = await sidecar.CheckAsync("pro");
        await sidecar.CheckAsync("pro");

        host.Put(customer with { Features = [Some.Feature("summarize") with { Concurrency = new ConcurrencyTerms(2, 600) }] });
        await host.SettleChangesAsync();
        Assert.Equal(429, (int)(await sidecar.CheckAsync("pro")).StatusCode);
        await EndAsync(sidecar, "/v1/release", first);
        Assert.Equal(200, (int)(await sidecar.CheckAsync("pro")).StatusCode);
        Assert.Equal(429, (int)(await sidecar.CheckAsync("pro")).StatusCode);
    }

    [Fact]
    public async Task LiteLLM_16011_two_sidecars_together_admit_no_more_than_the_limit()
    {
        await using var host = await FakeHost.StartAsync();
        host.Put(Some.Customer("free", Some.Feature("summarize") with { Concurrency = new ConcurrencyTerms(6, 600) }));
        await using var one = await TestSidecar.StartAsync(host);
        await using var other = await TestSidecar.StartAsync(host);
        await host.MoveToAsync(host.Now, activeSidecars: 2);

        var answers = await Task.WhenAll(Enumerable.Range(0, 40).Select(i => (i % 2 == 0 ? one : other).CheckAsync("free")));
        Assert.Equal(6, answers.Count(answer => answer.StatusCode == HttpStatusCode.OK));
    }

    [Fact]
    public async Task What_can_not_be_released_is_refused_with_its_reason()
    {
        var (host, sidecar) = await StartAsync(1);
        await using var _ = host;
        await using var __ = sidecar;
        var reservation = (await sidecar.CheckAsync("free")).Header("X-Meter-Reservation")!;
        var forged = reservation.Replace(".1.", ".2.", StringComparison.Ordinal);
        (string Body, int Status, string? Pointer)[] cases =
        [
            ("{}", 400, "/reservation"),
            ("[]", 400, "/reservation"),
            ("{", 400, ""),
            ("""{"reservation":7}""", 400, "/reservation"),
            ("""{"reservation":"nonsense"}""", 400, "/reservation"),
            ($$"""{"reservation":"{{reservation}}","units":1}""", 400, "/units"),
            ($$"""{"reservation":"{{forged}}"}""", 401, "/reservation"),
            ($$"""{"reservation":"{{new string('x', 5_000)}}"}""", 413, null),
        ];
        foreach (var (body, status, pointer) in cases)
        {
            var answer = await sidecar.Client.PostAsync("/v1/release", new StringContent(body, Encoding.UTF8, "application/json"));
            Assert.Equal((body, status, pointer), (body, (int)answer.StatusCode, (string?)(await answer.JsonAsync())["errors"]?[0]!["pointer"]));
        }

        Assert.Equal(405, (int)(await sidecar.Client.GetAsync("/v1/release")).StatusCode);
        Assert.Equal(429, (int)(await sidecar.CheckAsync("free")).StatusCode);
    }
}
