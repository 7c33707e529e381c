using System.Net;
using Metering.Contracts.Sidecar;
using Metering.EnforcementSidecar.Http;
using Metering.EnforcementSidecar.Tests.Support;
using Xunit;

namespace Metering.EnforcementSidecar.Tests.Http;

/// <summary>The same decisions in other words.</summary>
public sealed class DialectTests
{
    private static async Task<(FakeHost Host, TestSidecar Sidecar)> StartAsync(
        string headers, string? overrides = null, long quota = 100, params RateLimitTerms[] rates)
    {
        var host = await FakeHost.StartAsync();
        var entitlement = Some.Id();
        host.AddPool(entitlement, quota);
        host.Put(Some.Customer("free", Some.Feature("summarize", Some.Hard(entitlement, quota), [.. rates]), Some.Feature("unlimited")));
        host.Put(Some.Customer("suspended", Some.Feature("summarize")) with { Status = CustomerStatus.Suspended });
        return (host, await TestSidecar.StartAsync(host, dialect: AnswerDialect.Parse(headers, overrides)));
    }

    private static string HeadersOf(HttpResponseMessage response) => string.Join(
        '\n', response.Headers.Where(header => header.Key.Contains("Ratelimit", StringComparison.OrdinalIgnoreCase))
            .Select(header => $"{header.Key}: {string.Join(", ", header.Value)}").Order(StringComparer.Ordinal));

    [Theory]
    [InlineData("ietf", """
        Ratelimit-Policy: "summarize-rate-60s";q=5;w=60, "summarize-quota";q=100;w=86400
        Ratelimit: "summarize-rate-60s";r=4;t=12, "summarize-quota";r=99;t=54000
        """)]
    [InlineData("kong", """
        Ratelimit-Limit: 5
        Ratelimit-Remaining: 4
        Ratelimit-Reset: 12
        X-Ratelimit-Limit-Day: 100
        X-Ratelimit-Limit-Minute: 5
        X-Ratelimit-Remaining-Day: 99
        X-Ratelimit-Remaining-Minute: 4
        """)]
    [InlineData("both", """
        Ratelimit-Limit: 5
        Ratelimit-Policy: "summarize-rate-60s";q=5;w=60, "summarize-quota";q=100;w=86400
        Ratelimit-Remaining: 4
        Ratelimit-Reset: 12
        Ratelimit: "summarize-rate-60s";r=4;t=12, "summarize-quota";r=99;t=54000
        X-Ratelimit-Limit-Day: 100
        X-Ratelimit-Limit-Minute: 5
        X-Ratelimit-Remaining-Day: 99
        X-Ratelimit-Remaining-Minute: 4
        """)]
    [InlineData("none", "")]
    public async Task What_is_left_is_told_in_the_words_that_were_asked_for(string mode, string expected)
    {
        var (host, sidecar) = await StartAsync(mode, rates: new RateLimitTerms(5, 60, 5));
        await using var _ = host;
        await using var __ = sidecar;

        Assert.Equal(expected, HeadersOf(await sidecar.CheckAsync("free")));
        Assert.Equal("", HeadersOf(await sidecar.CheckAsync("free", "unlimited")));
        Assert.Equal("", HeadersOf(await sidecar.CheckAsync("nobody")));
    }

    [Theory]
    [InlineData("ietf")]
    [InlineData("kong")]
    [InlineData("both")]
    [InlineData("none")]
    public async Task A_denial_says_when_to_come_back_in_every_dialect(string mode)
    {
        var (host, sidecar) = await StartAsync(mode, rates: new RateLimitTerms(1, 60, 1));
        await using var _ = host;
        await using var __ = sidecar;
        Assert.Equal(HttpStatusCode.OK, (await sidecar.CheckAsync("free")).StatusCode);

        var denied = await sidecar.CheckAsync("free");

        Assert.Equal(HttpStatusCode.TooManyRequests, denied.StatusCode);
        Assert.Equal("60", denied.Header("Retry-After"));
        Assert.Equal(mode is "kong" or "both" ? "60" : null, denied.Header("RateLimit-Reset"));
        Assert.Equal(mode is "kong" or "both" ? "0" : null, denied.Header("RateLimit-Remaining"));
    }

    [Fact]
    public async Task The_limit_that_denied_is_the_one_that_Kongs_headers_are_about()
    {
        var (host, sidecar) = await StartAsync("kong", quota: 1, rates: new RateLimitTerms(2, 10, 2));
        await using var _ = host;
        await using var __ = sidecar;
        Assert.Equal("0", (await sidecar.CheckAsync("free")).Header("RateLimit-Remaining"));

        var denied = await sidecar.CheckAsync("free");

        (string?, string?, string?) told = (denied.Header("RateLimit-Limit"), denied.Header("RateLimit-Remaining"), denied.Header("RateLimit-Reset"));
        Assert.Equal(("1", "0", "54000"), told);
        Assert.Equal(("2", "1"), (denied.Header("X-RateLimit-Limit-10"), denied.Header("X-RateLimit-Limit-Day")));
    }

    [Fact]
    public async Task A_rate_and_a_quota_of_one_day_share_a_name_and_the_one_with_less_left_is_told()
    {
        var (host, sidecar) = await StartAsync("kong", quota: 3, rates: new RateLimitTerms(10, 86_400, 10));
        await using var _ = host;
        await using var __ = sidecar;

        var response = await sidecar.CheckAsync("free");

        Assert.Equal(("3", "2"), (response.Header("X-RateLimit-Limit-Day"), response.Header("X-RateLimit-Remaining-Day")));
    }

    [Fact]
    public async Task A_reason_can_have_another_status_and_keeps_everything_else()
    {
        var (host, sidecar) = await StartAsync("ietf", "quota_exhausted=402, customer_suspended=451, invalid_request=422", quota: 1);
        await using var _ = host;
        await using var __ = sidecar;
        Assert.Equal(HttpStatusCode.OK, (await sidecar.CheckAsync("free")).StatusCode);

        var exhausted = await sidecar.CheckAsync("free");
        Assert.Equal((402, "402"), ((int)exhausted.StatusCode, exhausted.Header("X-Meter-Status")));
        Assert.Equal("quota_exhausted", exhausted.Header("X-Meter-Reason"));
        Assert.Equal("54000", exhausted.Header("Retry-After"));
        var body = await exhausted.JsonAsync();
        Assert.Equal(402, (int)body["status"]!);
        Assert.Equal("https://iana.org/assignments/http-problem-types#quota-exceeded", (string?)body["type"]);

        Assert.Equal(451, (int)(await sidecar.CheckAsync("suspended")).StatusCode);
        Assert.Equal(422, (int)(await sidecar.CheckAsync("free", null)).StatusCode);
        Assert.Equal(403, (int)(await sidecar.CheckAsync("free", "other")).StatusCode);
    }

    [Fact]
    public async Task In_the_nginx_flavour_the_status_stays_403_without_a_body_and_the_other_one_is_in_a_header()
    {
        var (host, sidecar) = await StartAsync("ietf", "quota_exhausted=402", quota: 1);
        await using var _ = host;
        await using var __ = sidecar;
        Assert.Equal(HttpStatusCode.OK, (await sidecar.CheckAsync("free")).StatusCode);

        var denied = await sidecar.CheckAsync("free", "summarize", ("X-Meter-Flavor", "nginx"));

        Assert.Equal((403, "402"), ((int)denied.StatusCode, denied.Header("X-Meter-Status")));
        Assert.Equal(0, denied.Content.Headers.ContentLength);
    }

    [Theory]
    [InlineData("POST", "/v1/check/v1/chat/completions?feature=unlimited&units=0", 200)]
    [InlineData("HEAD", "/v1/check/v1/models", 200)]
    [InlineData("PROPFIND", "/v1/check", 200)]
    [InlineData("HEAD", "/v1/check", 403)]
    public async Task Any_method_with_or_without_a_body_below_the_check_is_one_check_of_what_the_headers_say(string method, string path, int status)
    {
        var (host, sidecar) = await StartAsync("ietf");
        await using var _ = host;
        await using var __ = sidecar;
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        request.Headers.Add("X-Api-Key", "free");
        request.Headers.Add("X-Meter-Feature", status == 200 ? "summarize" : "other");
        request.Content = method == "POST" ? new StringContent(new string('x', 3 << 20)) : null;

        var response = await sidecar.Client.SendAsync(request);

        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal(status == 200 ? "\"summarize-quota\";r=99;t=54000" : null, response.Header("RateLimit"));
        Assert.Empty(await response.Content.ReadAsByteArrayAsync());
    }
}
