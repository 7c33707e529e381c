using System.Net;
using System.Text.Json;
using Metering.Contracts.Sidecar;
using Metering.EnforcementSidecar.Tests.Support;
using Metering.Testing;
using NodaTime;
using Xunit;

namespace Metering.EnforcementSidecar.Tests.Http;

public sealed class CheckTests
{
    private static readonly string Entitlement = Some.Id();

    private static async Task<(FakeHost Host, TestSidecar Sidecar)> StartAsync(long limit = 100, params RateLimitTerms[] rates)
    {
        var host = await FakeHost.StartAsync();
        host.AddPool(Entitlement, limit);
        host.Put(Some.Customer("free", Some.Feature("summarize", Some.Hard(Entitlement, limit), [.. rates])));
        host.Put(Some.Customer("suspended", Some.Feature("summarize")) with { Status = CustomerStatus.Suspended });
        host.Put(Some.Customer("removed", Some.Feature("summarize")) with { Status = CustomerStatus.Removed });
        return (host, await TestSidecar.StartAsync(host));
    }

    [Theory]
    [InlineData("free", "summarize", 200, null)]
    [InlineData("nobody", "summarize", 401, "unknown_credential")]
    [InlineData("removed", "summarize", 401, "unknown_credential")]
    [InlineData("suspended", "summarize", 403, "customer_suspended")]
    [InlineData("free", "advanced-reasoning", 403, "feature_not_entitled")]
    [InlineData("free", null, 400, "invalid_request")]
    public async Task A_check_is_answered_by_the_first_rule_that_applies(string key, string? feature, int status, string? reason)
    {
        var (host, sidecar) = await StartAsync();
        await using var _ = host;
        await using var __ = sidecar;

        var plain = await sidecar.CheckAsync(key, feature);
        Assert.Equal(status, (int)plain.StatusCode);
        Assert.Equal(reason, plain.Header("X-Meter-Reason"));
        Assert.Equal(status == 200, plain.Content.Headers.ContentLength == 0);
        Assert.Equal(status == 200 ? null : "application/problem+json", plain.Content.Headers.ContentType?.MediaType);

        var nginx = await sidecar.CheckAsync(key, feature, ("X-Meter-Flavor", "nginx"));
        Assert.Equal(status is 200 or 401 ? status : 403, (int)nginx.StatusCode);
        Assert.Equal(0, nginx.Content.Headers.ContentLength);
        Assert.Equal(status == 200 ? null : status.ToString(System.Globalization.CultureInfo.InvariantCulture), nginx.Header("X-Meter-Status"));
    }

    [Fact]
    public async Task Allowed_says_who_what_is_left_and_when_it_resets()
    {
        var (host, sidecar) = await StartAsync(100, new RateLimitTerms(5, 60, 5));
        await using var _ = host;
        await using var __ = sidecar;

        var response = await sidecar.CheckAsync("free");

        Assert.Equal("\"summarize-rate-60s\";r=4;t=12, \"summarize-quota\";r=99;t=54000", response.Header("RateLimit"));
        Assert.Equal("\"summarize-rate-60s\";q=5;w=60, \"summarize-quota\";q=100;w=86400", response.Header("RateLimit-Policy"));
        Assert.Equal(26, response.Header("X-Meter-Customer")!.Length);
        Assert.StartsWith("01", response.Header("X-Meter-Reservation"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_exhausted_quota_is_429_with_the_way_out_and_only_the_next_period_admits_again()
    {
        var (host, sidecar) = await StartAsync(3);
        await using var _ = host;
        await using var __ = sidecar;
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(HttpStatusCode.OK, (await sidecar.CheckAsync("free")).StatusCode);
        }

        var denied = await sidecar.CheckAsync("free");
        Assert.Equal(HttpStatusCode.TooManyRequests, denied.StatusCode);
        Assert.Equal("54000", denied.Header("Retry-After"));
        Assert.Equal("\"summarize-quota\";r=0;t=54000", denied.Header("RateLimit"));
        Golden.Matches((await denied.JsonAsync()).ToJsonString(new JsonSerializerOptions { WriteIndented = true }), "quota-exhausted.json");

        var pool = host.Pool(Entitlement);
        (pool.PeriodStart, pool.PeriodEnd, pool.Settled, pool.Held) = (pool.PeriodEnd, pool.PeriodEnd + Duration.FromDays(1), 0, 0);
        await host.MoveToAsync(pool.PeriodStart);
        Assert.Equal(HttpStatusCode.OK, (await sidecar.CheckAsync("free")).StatusCode);
    }

    [Fact]
    public async Task A_request_that_the_quota_denies_burns_no_rate_and_one_that_the_rate_denies_burns_no_quota()
    {
        var (host, sidecar) = await StartAsync(2, new RateLimitTerms(5, 60, 5));
        await using var _ = host;
        await using var __ = sidecar;

        // 2 admitted, then the quota denies: the rate still has 3 of 5.
        foreach (var expected in (int[])[200, 200, 429, 429, 429, 429])
        {
            Assert.Equal(expected, (int)(await sidecar.CheckAsync("free")).StatusCode);
        }

        var denied = await sidecar.CheckAsync("free");
        Assert.Equal("quota_exhausted", denied.Header("X-Meter-Reason"));
        Assert.Contains("\"summarize-rate-60s\";r=3;", denied.Header("RateLimit"), StringComparison.Ordinal);

        // 6 units are more than a burst: the rate denies, the quota keeps what it has.
        var tooMany = await sidecar.CheckAsync("free", "summarize", ("X-Meter-Units", "6"));
        Assert.Equal("rate_limited", tooMany.Header("X-Meter-Reason"));
        Assert.Null(tooMany.Header("Retry-After"));
        Assert.Equal(2, host.SettledOf(Entitlement) + host.HeldOf(Entitlement));
    }

    [Fact]
    public async Task The_rate_limit_denies_until_product_time_has_paid_for_one_more()
    {
        var (host, sidecar) = await StartAsync(100, new RateLimitTerms(5, 60, 5));
        await using var _ = host;
        await using var __ = sidecar;
        for (var i = 0; i < 5; i++)
        {
            Assert.Equal(HttpStatusCode.OK, (await sidecar.CheckAsync("free")).StatusCode);
        }

        var denied = await sidecar.CheckAsync("free");
        Assert.Equal(HttpStatusCode.TooManyRequests, denied.StatusCode);
        Assert.Equal("12", denied.Header("Retry-After"));
        Assert.Equal("rate", (string?)(await denied.JsonAsync())["level"]);

        await host.MoveToAsync(host.Now + Duration.FromSeconds(12));
        Assert.Equal(HttpStatusCode.OK, (await sidecar.CheckAsync("free")).StatusCode);
        Assert.Equal(HttpStatusCode.TooManyRequests, (await sidecar.CheckAsync("free")).StatusCode);
    }

    [Fact]
    public async Task The_same_request_id_is_one_request_and_means_nothing_to_another_customer()
    {
        var (host, sidecar) = await StartAsync(2);
        await using var _ = host;
        await using var __ = sidecar;
        host.Put(Some.Customer("other", Some.Feature("summarize")));
        await host.SettleChangesAsync();

        var first = await sidecar.CheckAsync("free", "summarize", ("X-Meter-Request-Id", "abc"));
        var again = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => sidecar.CheckAsync("free", "summarize", ("X-Meter-Request-Id", "abc"))));
        Assert.All(again, response => Assert.Equal(first.Header("X-Meter-Reservation"), response.Header("X-Meter-Reservation")));
        var other = await sidecar.CheckAsync("other", "summarize", ("X-Meter-Request-Id", "abc"));
        Assert.NotEqual(first.Header("X-Meter-Reservation"), other.Header("X-Meter-Reservation"));

        Assert.Equal(HttpStatusCode.OK, (await sidecar.CheckAsync("free", "summarize", ("X-Meter-Request-Id", "def"))).StatusCode);
        Assert.Equal(HttpStatusCode.TooManyRequests, (await sidecar.CheckAsync("free", "summarize", ("X-Meter-Request-Id", "ghi"))).StatusCode);
    }

    [Theory]
    [InlineData("GET", "/v1/check?feature=other&units=9")]
    [InlineData("POST", "/v1/check/api/v1/chat/completions?q=1")]
    [InlineData("HEAD", "/v1/check/")]
    [InlineData("DELETE", "/v1/check/x")]
    public async Task Any_method_and_path_below_the_check_is_the_check_and_the_query_is_not_read(string method, string path)
    {
        var (host, sidecar) = await StartAsync();
        await using var _ = host;
        await using var __ = sidecar;

        Assert.Equal(HttpStatusCode.OK, (await sidecar.SendAsync(new HttpMethod(method), path, "free", "summarize")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await sidecar.SendAsync(HttpMethod.Get, "/v1/checked", "free", "summarize")).StatusCode);
    }

    [Fact]
    public async Task Units_are_taken_together_or_not_at_all()
    {
        var (host, sidecar) = await StartAsync(10);
        await using var _ = host;
        await using var __ = sidecar;

        Assert.Equal(200, (int)(await sidecar.CheckAsync("free", "summarize", ("X-Meter-Units", "8"))).StatusCode);
        Assert.Equal(429, (int)(await sidecar.CheckAsync("free", "summarize", ("X-Meter-Units", "3"))).StatusCode);
        Assert.Equal(200, (int)(await sidecar.CheckAsync("free", "summarize", ("X-Meter-Units", "2"))).StatusCode);
        Assert.Equal(429, (int)(await sidecar.CheckAsync("free")).StatusCode);
        foreach (var wrong in (string[])["0", "-1", "1.5", "x", "1000000000001"])
        {
            Assert.Equal(400, (int)(await sidecar.CheckAsync("free", "summarize", ("X-Meter-Units", wrong))).StatusCode);
        }
    }

    [Fact]
    public async Task A_soft_limit_never_denies_and_says_when_it_is_passed()
    {
        var (host, sidecar) = await StartAsync();
        await using var _ = host;
        await using var __ = sidecar;
        var soft = Some.Id();
        host.AddPool(soft, 3, soft: true);
        host.Put(Some.Customer("enterprise", Some.Feature("summarize", Some.Soft(soft, 3))));
        await host.SettleChangesAsync();

        var warnings = 0;
        for (var i = 0; i < 10; i++)
        {
            var response = await sidecar.CheckAsync("enterprise");
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            warnings += response.Header("X-Meter-Warning") is null ? 0 : 1;
        }

        await Eventually.TrueAsync(async () => (await sidecar.CheckAsync("enterprise")).Header("X-Meter-Warning") is not null);
        Assert.InRange(warnings, 0, 7);
    }

    [Fact]
    public async Task What_is_left_of_a_level_holds_nothing_of_what_was_leased()
    {
        await using var host = await FakeHost.StartAsync();
        host.AddPool(Entitlement, 7);
        host.Pool(Entitlement).Level = 5;
        host.Put(Some.Customer("free", Some.Feature("summarize", Some.Hard(Entitlement, 7) with { IsLevel = true })));
        await using var sidecar = await TestSidecar.StartAsync(host);

        var answer = await sidecar.CheckAsync("free");
        Assert.Contains("r=2;", answer.Header("RateLimit"), StringComparison.Ordinal);
        var limits = await (await sidecar.SendAsync(HttpMethod.Get, "/v1/limits", "free", null)).JsonAsync();
        Assert.Equal(2, (long)limits["features"]![0]!["quota"]!["remaining"]!);
    }

    [Fact]
    public async Task Limits_tell_what_may_still_be_done_and_burn_nothing()
    {
        var (host, sidecar) = await StartAsync(100, new RateLimitTerms(5, 60, 5));
        await using var _ = host;
        await using var __ = sidecar;

        var limits = await (await sidecar.SendAsync(HttpMethod.Get, "/v1/limits", "free", null)).JsonAsync();
        var feature = limits["features"]![0]!;
        Assert.Equal(100, (long)feature["quota"]!["remaining"]!);
        Assert.Equal("2026-01-16T00:00:00Z", (string?)feature["quota"]!["resetsAt"]);
        Assert.Equal(5, (long)feature["rateLimits"]![0]!["remaining"]!);
        Assert.Equal(0, host.SettledOf(Entitlement));
        Assert.Equal(HttpStatusCode.Unauthorized, (await sidecar.SendAsync(HttpMethod.Get, "/v1/limits", "nobody", null)).StatusCode);
    }

    [Fact]
    public async Task The_key_may_come_in_either_header()
    {
        var (host, sidecar) = await StartAsync();
        await using var _ = host;
        await using var __ = sidecar;

        Assert.Equal(HttpStatusCode.OK, (await sidecar.SendAsync(HttpMethod.Get, "/v1/check", null, "summarize", ("X-Api-Key", "free"))).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await sidecar.SendAsync(HttpMethod.Get, "/v1/check", null, "summarize")).StatusCode);
    }
}
