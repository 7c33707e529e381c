using System.Net;
using System.Net.Http.Headers;
using Metering.EnforcementSidecar.Tests.Support;
using Metering.Samples.Gateways.Yarp;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Metering.EnforcementSidecar.Tests.Gateways;

/// <summary>The middleware that goes into YARP's pipeline, in a pipeline that ends with the service itself.</summary>
public sealed class YarpTests
{
    /// <summary>What the service was sent, as the answer's body.</summary>
    private static Task ServeAsync(HttpContext context)
    {
        context.Response.Headers["RateLimit"] = "the service's own";
        return context.Response.WriteAsync(
            string.Join('\n', context.Request.Headers.Where(header => header.Key.StartsWith("X-Meter-", StringComparison.OrdinalIgnoreCase))
                .Select(header => $"{header.Key}={header.Value}").Order(StringComparer.Ordinal)));
    }

    private static async Task<(WebApplication Gateway, HttpClient Client)> StartAsync(Uri sidecar, bool failOpen)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var gateway = builder.Build();
        var check = new HttpClient { BaseAddress = sidecar, Timeout = TimeSpan.FromMilliseconds(1_500) };
        gateway.UseMiddleware<MeteringMiddleware>(
            check, (HttpContext context) => context.Request.Path.StartsWithSegments("/v1") ? "summarize" : null, failOpen);
        gateway.Run(ServeAsync);
        await gateway.StartAsync();
        var address = gateway.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        return (gateway, new HttpClient { BaseAddress = new Uri(address) });
    }

    private static Task<HttpResponseMessage> PostAsync(HttpClient client, string key, string path = "/v1/x")
    {
        var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent("{}") };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        foreach (var (name, value) in RunningGateway.Spoofed)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return client.SendAsync(request, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Admitted_requests_name_the_customer_and_denials_are_the_sidecars_own()
    {
        await using var host = await FakeHost.StartAsync();
        var one = Some.Id();
        host.AddPool(one, 1);
        var customer = Some.Customer("one", Some.Feature("summarize", Some.Hard(one, 1)));
        host.Put(customer);
        await using var sidecar = await TestSidecar.StartAsync(host);
        await using var relay = new CountingRelay(sidecar.Client.BaseAddress);
        var (gateway, client) = await StartAsync(relay.Url, failOpen: false);
        await using var _ = gateway;

        var admitted = await PostAsync(client, "one");
        var seen = await admitted.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.StartsWith($"X-Meter-Customer={customer.CustomerId}\nX-Meter-Reservation=", seen, StringComparison.Ordinal);
        Assert.Equal(2, seen.Split('\n').Length);
        Assert.Equal("\"summarize-quota\";r=0;t=54000", admitted.Header("RateLimit"));

        var exhausted = await PostAsync(client, "one");
        Assert.Equal((HttpStatusCode.TooManyRequests, "54000"), (exhausted.StatusCode, exhausted.Header("Retry-After")));
        Assert.Equal("quota_exhausted", (string?)(await exhausted.JsonAsync())["reason"]);
        var unknown = await PostAsync(client, "nobody");
        Assert.Equal((HttpStatusCode.Unauthorized, "Bearer"), (unknown.StatusCode, unknown.Header("WWW-Authenticate")));

        var unmetered = await PostAsync(client, "nobody", "/docs");
        Assert.Equal("", await unmetered.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Equal(1, relay.Connections);
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task Without_an_answer_nothing_passes_unless_the_operator_chose_so(bool failOpen, bool hangs)
    {
        await using var silent = new CountingRelay(server: null);
        var (gateway, client) = await StartAsync(hangs ? silent.Url : new Uri("http://127.0.0.1:1"), failOpen);
        await using var _ = gateway;

        var response = await PostAsync(client, "one");

        Assert.Equal(failOpen ? HttpStatusCode.OK : HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Equal(failOpen ? null : "1", response.Header("Retry-After"));
        Assert.Equal(failOpen, (await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).Length == 0);
    }
}
