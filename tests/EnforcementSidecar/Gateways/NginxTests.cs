using System.Net;
using Metering.Contracts.Sidecar;
using Metering.EnforcementSidecar.Tests.Support;
using Xunit;

namespace Metering.EnforcementSidecar.Tests.Gateways;

/// <summary>What nginx does beside asking: it meters each answer before the client gets it.</summary>
public sealed class NginxTests
{
    private static readonly Nginx Kind = new("nginx");

    private static Task<RunningGateway> StartAsync(TestSidecar sidecar, StubService service) =>
        RunningGateway.StartAsync(Kind, sidecar.Client.BaseAddress!, service.Url, failOpen: false, TestContext.Current.CancellationToken);

    [Fact]
    public async Task Requests_through_nginx_are_decided_metered_and_answered()
    {
        Assert.SkipUnless(Kind.IsInstalled, "nginx and its JavaScript module are not installed; ./metering test installs them");
        await using var host = await FakeHost.StartAsync();
        var entitlement = Some.Id();
        host.AddPool(entitlement, 3);
        var customer = Some.Customer("free", Some.Feature("summarize", Some.Hard(entitlement, 3)));
        host.Put(customer);
        host.Put(Some.Customer("suspended", Some.Feature("summarize")) with { Status = CustomerStatus.Suspended });
        await using var service = await StubService.StartAsync();
        await using var sidecar = await TestSidecar.StartAsync(host);
        await using var gateway = await StartAsync(sidecar, service);

        var first = await gateway.PostAsync("free");
        Assert.True(first.IsSuccessStatusCode, await first.Content.ReadAsStringAsync() + await gateway.ReadLogAsync());
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

        var forbidden = await gateway.PostAsync("free", "/v1/forbidden");
        Assert.Equal(HttpStatusCode.Forbidden, forbidden.StatusCode);
        Assert.Equal("the service's own no", await forbidden.Content.ReadAsStringAsync());
        Assert.Equal(HttpStatusCode.OK, (await gateway.PostAsync("free")).StatusCode);

        var exhausted = await gateway.PostAsync("free");
        Assert.Equal(HttpStatusCode.TooManyRequests, exhausted.StatusCode);
        Assert.Equal("54000", exhausted.Header("Retry-After"));
        Assert.Equal("\"summarize-quota\";r=0;t=54000", exhausted.Header("RateLimit"));
        Assert.Equal("application/problem+json", exhausted.Content.Headers.ContentType!.MediaType);
        Assert.Equal("quota_exhausted", (string?)(await exhausted.JsonAsync())["reason"]);

        var unknown = await gateway.PostAsync(null);
        Assert.Equal(HttpStatusCode.Unauthorized, unknown.StatusCode);
        Assert.Equal("Bearer", unknown.Headers.WwwAuthenticate.Single().Scheme);
        var suspended = await gateway.PostAsync("suspended");
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
}
