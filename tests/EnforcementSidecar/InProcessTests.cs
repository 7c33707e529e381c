using System.Net;
using System.Text.Json;
using Metering.Contracts.Sidecar;
using Metering.EnforcementSidecar.InProcess;
using Metering.EnforcementSidecar.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Metering.EnforcementSidecar.Tests;

/// <summary>The engine in an application of somebody else's, over real HTTP.</summary>
public sealed class InProcessTests
{
    private static readonly string Entitlement = Some.Id();

    private static async Task<(FakeHost Host, WebApplication Application, HttpClient Client)> StartAsync(long quota = 3)
    {
        var host = await FakeHost.StartAsync();
        host.AddPool(Entitlement, quota);
        var summarize = Some.Feature("summarize", Some.Hard(Entitlement, quota)) with
        {
            Concurrency = new ConcurrencyTerms(1, 600), BodySize = new SizeTerms(10, PassWhenUnknown: false),
        };
        var restricted = Some.Restricted("agent-key") with { AgentId = Some.Id() };
        host.Put(Some.Customer("free", summarize, Some.Feature("proxied")) with { RestrictedCredentials = [restricted] });
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddMeteringEnforcement(options =>
        {
            options.HostUrl = host.Url;
            options.Key = FakeHost.SidecarKey;
            options.DataDirectory = Directory.CreateTempSubdirectory("metering-in-process-").FullName;
            options.FeatureOf = context => context.Request.Path.StartsWithSegments("/proxied") ? "proxied" : null;
        });
        var application = builder.Build();
        application.UseMeteringEnforcement();
        application.MapPost("/summaries", [MeteredFeature("summarize")] async (HttpContext context) =>
        {
            var request = context.Features.Get<MeteredRequest>()!;
            using var data = JsonDocument.Parse("""{"data":{"total_tokens":12}}""");
            return Results.Ok($"{await request.SettleAsync(data.RootElement, context.RequestAborted)} {request.AgentId}");
        });
        application.MapPost("/failing", IResult () => throw new InvalidOperationException("as an endpoint may")).MeteredAs("summarize");
        application.MapPost("/two", (HttpContext context) => context.Features.Get<MeteredRequest>()!.Units).MeteredAs("summarize", units: 2);
        application.MapGet("/proxied/x", (HttpContext context) => context.Features.Get<MeteredRequest>()!.Feature);
        application.MapGet("/free", (HttpContext context) => context.Features.Get<MeteredRequest>() is null);
        await application.StartAsync();
        var address = application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        var client = new HttpClient { BaseAddress = new Uri(address) };
        await Eventually.TrueAsync(
            async () => (await SendAsync(client, HttpMethod.Get, "/proxied/x", "free")).StatusCode == HttpStatusCode.OK, "a snapshot");
        return (host, application, client);
    }

    private static async Task<HttpResponseMessage> SendAsync(HttpClient client, HttpMethod method, string path, string? key, int bytes = 0)
    {
        using var request = new HttpRequestMessage(method, path);
        if (key is not null)
        {
            request.Headers.Authorization = new("Bearer", key);
        }

        request.Content = bytes == 0 ? null : new ByteArrayContent(new byte[bytes]);
        return await client.SendAsync(request);
    }

    [Fact]
    public async Task An_endpoint_that_names_a_feature_runs_only_when_the_customer_may_use_it()
    {
        var (host, application, client) = await StartAsync();
        await using var _ = host;
        await using var __ = application;
        using var ___ = client;

        Assert.Equal(HttpStatusCode.Unauthorized, (await SendAsync(client, HttpMethod.Post, "/summaries", null)).StatusCode);
        var tooLarge = await SendAsync(client, HttpMethod.Post, "/summaries", "free", bytes: 11);
        Assert.Equal("request_too_large", (string?)(await tooLarge.JsonAsync())["reason"]);
        for (var i = 0; i < 3; i++)
        {
            var answer = await SendAsync(client, HttpMethod.Post, "/summaries", "free", bytes: 10);
            Assert.Equal((HttpStatusCode.OK, "\"202 \""), (answer.StatusCode, await answer.Content.ReadAsStringAsync()));
            Assert.Contains($"\"summarize-quota\";r={2 - i};", answer.Header("RateLimit"), StringComparison.Ordinal);
        }

        var denied = await SendAsync(client, HttpMethod.Post, "/summaries", "free");
        Assert.Equal(HttpStatusCode.TooManyRequests, denied.StatusCode);
        Assert.Equal("quota_exhausted", (string?)(await denied.JsonAsync())["reason"]);
        Assert.Equal("54000", denied.Header("Retry-After"));
        Assert.Equal("true", await (await SendAsync(client, HttpMethod.Get, "/free", null)).Content.ReadAsStringAsync());
        await Eventually.TrueAsync(() => host.EventsNow().Length == 3, "the usage");
        Assert.All(host.EventsNow(), one => Assert.Equal(12, (int)one["data"]!["total_tokens"]!));
    }

    [Fact]
    public async Task A_request_in_flight_ends_with_its_answer_also_when_the_endpoint_fails()
    {
        var (host, application, client) = await StartAsync(quota: 100);
        await using var _ = host;
        await using var __ = application;
        using var ___ = client;

        for (var i = 0; i < 5; i++)
        {
            Assert.Equal(HttpStatusCode.InternalServerError, (await SendAsync(client, HttpMethod.Post, "/failing", "free")).StatusCode);
            Assert.Equal(HttpStatusCode.OK, (await SendAsync(client, HttpMethod.Post, "/two", "free")).StatusCode);
        }

        Assert.Contains("r=84;", (await SendAsync(client, HttpMethod.Post, "/summaries", "free")).Header("RateLimit"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_the_key_names_is_told_and_a_client_can_name_no_feature_and_no_units()
    {
        var (host, application, client) = await StartAsync();
        await using var _ = host;
        await using var __ = application;
        using var ___ = client;
        client.DefaultRequestHeaders.Add("X-Meter-Units", "3");
        client.DefaultRequestHeaders.Add("X-Meter-Feature", "nothing");
        client.DefaultRequestHeaders.Add("X-Original-Content-Length", "1000");

        var answer = await SendAsync(client, HttpMethod.Post, "/summaries", "agent-key");

        Assert.Matches("^\"202 [0-9A-Z]{26}\"$", await answer.Content.ReadAsStringAsync());
        Assert.Contains("\"summarize-quota\";r=2;", answer.Header("RateLimit"), StringComparison.Ordinal);
        Assert.Equal("proxied", await (await SendAsync(client, HttpMethod.Get, "/proxied/x", "free")).Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task When_the_application_stops_its_leases_go_back()
    {
        var (host, application, client) = await StartAsync(quota: 1_000);
        await using var _ = host;
        using var __ = client;
        for (var i = 0; i < 7; i++)
        {
            await SendAsync(client, HttpMethod.Post, "/summaries", "free");
        }

        await application.StopAsync();
        await application.DisposeAsync();

        Assert.Equal((7, 0), (host.SettledOf(Entitlement), host.HeldOf(Entitlement)));
    }

    [Theory]
    [InlineData("", "http://127.0.0.1:1", "Key")]
    [InlineData("key", "ftp://127.0.0.1", "HostUrl")]
    public void What_is_wrong_with_the_options_is_said(string key, string url, string option)
    {
        var options = new MeteringEnforcementOptions { Key = key, HostUrl = new Uri(url) };
        Assert.StartsWith(option, Assert.Throws<InvalidOptionException>(options.ToSidecar).Message, StringComparison.Ordinal);
    }
}
