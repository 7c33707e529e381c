using System.Net;
using System.Net.Http.Headers;
using Metering.Contracts.Sidecar;
using Metering.EnforcementSidecar.Tests.Support;
using Xunit;

namespace Metering.EnforcementSidecar.Tests.Gateways;

public sealed class NginxTests
{
    private static async Task<HttpResponseMessage> PostAsync(NginxGateway gateway, string? key, string path = "/v1/chat/completions?x=1")
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent("""{"prompt":"hello"}""") };
        request.Headers.Authorization = key is null ? null : new AuthenticationHeaderValue("Bearer", key);
        request.Headers.TryAddWithoutValidation("X-Meter-Customer", "somebody-else");
        request.Headers.TryAddWithoutValidation("X-Meter-Units", "0");
        request.Headers.TryAddWithoutValidation("X-Meter-Feature", "free-of-charge");
        request.Headers.TryAddWithoutValidation("X-Meter-Request-Id", "always-the-same");
        return await gateway.Client.SendAsync(request);
    }

    [Fact]
    public async Task Requests_through_nginx_are_decided_metered_and_answered()
    {
        Assert.SkipUnless(NginxGateway.IsInstalled, "nginx and its JavaScript module are not installed; ./metering test installs them");
        await using var host = await FakeHost.StartAsync();
        var entitlement = Some.Id();
        host.AddPool(entitlement, 3);
        var customer = Some.Customer("free", Some.Feature("summarize", Some.Hard(entitlement, 3)));
        host.Put(customer);
        host.Put(Some.Customer("suspended", Some.Feature("summarize")) with { Status = CustomerStatus.Suspended });
        await using var service = await StubService.StartAsync();
        await using var sidecar = await TestSidecar.StartAsync(host);
        await using var gateway = await NginxGateway.StartAsync(sidecar.Client.BaseAddress!, service.Url);

        var first = await PostAsync(gateway, "free");
        Assert.True(first.IsSuccessStatusCode, await first.Content.ReadAsStringAsync() + gateway.Errors);
        Assert.Equal(150, (int)(await first.JsonAsync())["usage"]!["total_tokens"]!);
        Assert.Equal("\"summarize-quota\";r=2;t=54000", first.Header("RateLimit"));
        Assert.Equal("\"summarize-quota\";q=3;w=86400", first.Header("RateLimit-Policy"));
        Assert.Equal("stub", first.Header("X-Service"));
        Assert.Null(first.Header("X-Meter-Reservation"));
        var (target, body, headers) = service.Requests.Single();
        Assert.Equal("/v1/chat/completions?x=1", target);
        Assert.Equal("""{"prompt":"hello"}""", body);
        Assert.Equal(customer.CustomerId, headers["X-Meter-Customer"]);
        Assert.False(headers.ContainsKey("X-Meter-Units"));
        var requestId = headers["X-Request-Id"].ToString();
        Assert.Equal(requestId, first.Header("X-Meter-Request-Id"));

        var forbidden = await PostAsync(gateway, "free", "/v1/forbidden");
        Assert.Equal(HttpStatusCode.Forbidden, forbidden.StatusCode);
        Assert.Equal("the service's own no", await forbidden.Content.ReadAsStringAsync());
        Assert.Equal(HttpStatusCode.OK, (await PostAsync(gateway, "free")).StatusCode);

        var exhausted = await PostAsync(gateway, "free");
        Assert.Equal(HttpStatusCode.TooManyRequests, exhausted.StatusCode);
        Assert.Equal("54000", exhausted.Header("Retry-After"));
        Assert.Equal("\"summarize-quota\";r=0;t=54000", exhausted.Header("RateLimit"));
        Assert.Equal("application/problem+json", exhausted.Content.Headers.ContentType!.MediaType);
        Assert.Equal("quota_exhausted", (string?)(await exhausted.JsonAsync())["reason"]);

        var unknown = await PostAsync(gateway, null);
        Assert.Equal(HttpStatusCode.Unauthorized, unknown.StatusCode);
        Assert.Equal("Bearer", unknown.Headers.WwwAuthenticate.Single().Scheme);
        var suspended = await PostAsync(gateway, "suspended");
        Assert.Equal(HttpStatusCode.Forbidden, suspended.StatusCode);
        Assert.Equal("customer_suspended", (string?)(await suspended.JsonAsync())["reason"]);

        await Eventually.TrueAsync(() => host.EventsNow().Length == 3, "three usage events");
        var usage = host.EventsNow()[0];
        Assert.Equal("subject-of-free", (string?)usage["subject"]);
        Assert.Equal("request", (string?)usage["type"]);
        Assert.Equal(
            $$"""{"request_id":"{{requestId}}","model":"stub-1","prompt_tokens":120,"completion_tokens":30,"total_tokens":150,"status":200}""",
            usage["data"]!.ToJsonString());
        Assert.Equal(403, (int)host.EventsNow()[1]["data"]!["status"]!);
        Assert.Equal(3, host.EventsNow().Select(one => (string?)one["id"]).Distinct().Count());
    }

    [Fact]
    public async Task Without_a_sidecar_nginx_says_that_nobody_could_decide_and_lets_nothing_through()
    {
        Assert.SkipUnless(NginxGateway.IsInstalled, "nginx and its JavaScript module are not installed; ./metering test installs them");
        await using var service = await StubService.StartAsync();
        await using var gateway = await NginxGateway.StartAsync(new Uri("http://127.0.0.1:1"), service.Url);

        var response = await PostAsync(gateway, "free");

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Equal("1", response.Header("Retry-After"));
        Assert.Empty(service.Requests);
    }

    [Fact]
    public async Task When_the_server_of_a_hard_limit_is_away_nginx_answers_503_and_not_an_accusation()
    {
        Assert.SkipUnless(NginxGateway.IsInstalled, "nginx and its JavaScript module are not installed; ./metering test installs them");
        await using var host = await FakeHost.StartAsync();
        var entitlement = Some.Id();
        host.AddPool(entitlement, 3);
        host.Put(Some.Customer("free", Some.Feature("summarize", Some.Hard(entitlement, 3))));
        await using var service = await StubService.StartAsync();
        await using var sidecar = await TestSidecar.StartAsync(host);
        await using var gateway = await NginxGateway.StartAsync(sidecar.Client.BaseAddress!, service.Url);
        host.FailingWith = 500;

        var response = await PostAsync(gateway, "free");

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Equal("lease_unavailable", (string?)(await response.JsonAsync())["reason"]);
        Assert.Empty(service.Requests);
        host.FailingWith = 0;
    }
}
