using System.Collections.Immutable;
using System.Text.Json;
using Metering.Contracts.Sidecar;
using Metering.EnforcementSidecar.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using NodaTime;

namespace Metering.Sidecar.Bench;

/// <summary>What the sidecar asks of Host, over HTTP: all customers, heartbeats, and leases of quotas that never end.</summary>
internal sealed class StubHost : IAsyncDisposable
{
    public const string SidecarKey = "sidecar-key-0123456789";
    private const int LeaseMilliseconds = 10_000;
    private static readonly TimeSpan HeartbeatEvery = TimeSpan.FromSeconds(5);
    private static readonly string ReservationKey = Convert.ToBase64String(new byte[32]);
    private readonly WebApplication application;

    private StubHost(WebApplication application) => this.application = application;

    public Uri Url { get; private set; } = new("http://127.0.0.1:1");

    public static async Task<StubHost> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var application = builder.Build();
        application.Run(HandleAsync);
        await application.StartAsync();
        var addresses = application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses;
        return new StubHost(application) { Url = new Uri(addresses.Single()) };
    }

    public async ValueTask DisposeAsync()
    {
        using var atOnce = new CancellationTokenSource(TimeSpan.Zero);
        await application.StopAsync(atOnce.Token);
        await application.DisposeAsync();
    }

    private static async Task HandleAsync(HttpContext context)
    {
        switch (context.Request.Path.Value)
        {
            case "/api/v1/sidecar/snapshot":
                await StreamAsync(context);
                break;
            case "/api/v1/sidecar/leases":
                await GrantAsync(context);
                break;
            case "/api/v1/sidecar/shares":
                await ShareAsync(context);
                break;
            default:
                context.Response.StatusCode = StatusCodes.Status204NoContent;
                break;
        }
    }

    private static async Task StreamAsync(HttpContext context)
    {
        var version = 0L;
        await WriteAsync(context, new SnapshotBegins(true, ReservationKey, SnapshotBegins.CurrentFormat));
        foreach (var customer in Population.All())
        {
            await WriteAsync(context, new CustomerChanged(++version, customer));
        }

        await WriteAsync(context, new SnapshotEnds(version));
        for (var sequence = 1L; !context.RequestAborted.IsCancellationRequested; sequence++)
        {
            await WriteAsync(context, new Heartbeat(sequence, version, SystemClock.Instance.GetCurrentInstant(), false, 1));
            await context.Response.Body.FlushAsync();
            await Task.Delay(HeartbeatEvery, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static async Task WriteAsync(HttpContext context, SidecarMessage message)
    {
        await JsonSerializer.SerializeAsync(context.Response.Body, message, SidecarJson.Default.SidecarMessage);
        await context.Response.Body.WriteAsync("\n"u8.ToArray());
    }

    private static async Task GrantAsync(HttpContext context)
    {
        var request = await JsonSerializer.DeserializeAsync(context.Request.Body, SidecarJson.Default.LeaseExchangeRequest);
        var day = SystemClock.Instance.GetCurrentInstant().InUtc().Date;
        var (start, end) = (day.AtMidnight().InUtc().ToInstant(), day.PlusDays(1).AtMidnight().InUtc().ToInstant());
        var answer = new LeaseExchangeResponse(
            [.. request!.Reports.Select(report => new ReportAnswer(report.LeaseId, ReportOutcome.Recorded))],
            [
                .. request.Requests.Select(wanted => new LeaseAnswer(
                    wanted.LeaseId, wanted.EntitlementId, LeaseOutcome.Granted, wanted.Wanted, start, end, long.MaxValue / 4, long.MaxValue / 8,
                    LeaseMilliseconds)),
            ]);
        await JsonSerializer.SerializeAsync(context.Response.Body, answer, SidecarJson.Default.LeaseExchangeResponse);
    }

    /// <summary>There is one sidecar: every limit is its alone.</summary>
    private static async Task ShareAsync(HttpContext context)
    {
        var request = await JsonSerializer.DeserializeAsync(context.Request.Body, SidecarJson.Default.ShareExchangeRequest);
        var answer = new ShareExchangeResponse(
            [
                .. request!.Shares.Select(
                    one => new ShareAnswer(true, ShareParts.Whole, ShareParts.Whole - one.Keeps, 0, ShareParts.Whole, LeaseMilliseconds)),
            ]);
        await JsonSerializer.SerializeAsync(context.Response.Body, answer, SidecarJson.Default.ShareExchangeResponse);
    }
}
