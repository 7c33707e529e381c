using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading.Channels;
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

namespace Metering.EnforcementSidecar.Tests.Support;

/// <summary>The world outside the sidecar: snapshot stream, leases and events over real HTTP, kept in memory.</summary>
internal sealed partial class FakeHost : IAsyncDisposable
{
    public const string SidecarKey = "sidecar-key-0123456789";
    private const string ReservationKey = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

    private readonly Lock gate = new();
    private readonly List<CustomerChanged> changes = [];
    private readonly List<Channel<SidecarMessage>> followers = [];
    private readonly CancellationTokenSource stopping = new();
    private WebApplication? application;
    private long version;
    private long sequence;

    public Uri Url { get; private set; } = new("http://127.0.0.1:1");

    public Instant Now { get; private set; } = Instant.FromUtc(2026, 1, 15, 9, 0);

    public int ActiveSidecars { get; private set; } = 1;

    public List<long> Acknowledged { get; } = [];

    /// <summary>Every event of every accepted batch, repetitions included.</summary>
    public List<JsonNode> Events { get; } = [];

    /// <summary>Answers 400 to a batch that holds an event of this type.</summary>
    public string? RefusedEventType { get; set; }

    /// <summary>Not zero: what every route but the stream answers.</summary>
    public int FailingWith { get; set; }

    public string? LastSince { get; private set; }

    /// <summary>How often somebody began to follow.</summary>
    public int Streams { get; private set; }

    /// <summary>What the stream says a reader has to know.</summary>
    public int Format { get; set; } = SnapshotBegins.CurrentFormat;

    public static async Task<FakeHost> StartAsync()
    {
        var host = new FakeHost();
        await host.ListenAsync("http://127.0.0.1:0");
        return host;
    }

    /// <summary>As when the process is gone: connections are refused, streams break.</summary>
    public async Task GoAwayAsync()
    {
        lock (gate)
        {
            followers.ForEach(follower => follower.Writer.TryComplete());
            followers.Clear();
        }

        await application!.StopAsync();
        await application.DisposeAsync();
    }

    public Task ComeBackAsync() => ListenAsync(Url.ToString());

    public static string Hash(string key) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)));

    public void AddPool(string entitlementId, long limit, bool soft = false, Duration? period = null)
    {
        lock (gate)
        {
            var start = Instant.FromUtc(2026, 1, 15, 0, 0);
            pools[entitlementId] = new LeasePool(limit, start, start + (period ?? Duration.FromDays(1)), soft);
        }
    }

    public void Put(CustomerAccess customer)
    {
        lock (gate)
        {
            var change = new CustomerChanged(++version, customer);
            changes.RemoveAll(known => known.Customer.CustomerId == customer.CustomerId);
            changes.Add(change);
            followers.ForEach(follower => follower.Writer.TryWrite(change));
        }
    }

    /// <summary>Moves the product's time and waits until every follower has said that it knows.</summary>
    public async Task MoveToAsync(Instant now, int? activeSidecars = null)
    {
        long mine;
        int expected;
        lock (gate)
        {
            Now = now;
            ActiveSidecars = activeSidecars ?? ActiveSidecars;
            mine = ++sequence;
            expected = followers.Count;
            followers.ForEach(follower => follower.Writer.TryWrite(HeartbeatNow(mine)));
        }

        await Eventually.TrueAsync(() =>
        {
            lock (gate)
            {
                return Acknowledged.Count(number => number >= mine) >= expected;
            }
        });
    }

    /// <summary>Asks every follower for what it holds.</summary>
    public void Recall(long number, string entitlementId)
    {
        lock (gate)
        {
            followers.ForEach(follower => follower.Writer.TryWrite(new Recall(number, [entitlementId])));
        }
    }

    /// <summary>A change travels behind everything sent before it: the next acknowledged heartbeat proves that it was applied.</summary>
    public Task SettleChangesAsync() => MoveToAsync(Now);

    public async ValueTask DisposeAsync()
    {
        await GoAwayAsync();
        stopping.Dispose();
    }

    private Heartbeat HeartbeatNow(long number) => new(number, version, Now, ClockStands: true, ActiveSidecars);

    private async Task ListenAsync(string url)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(url);
        application = builder.Build();
        application.Run(HandleAsync);
        await application.StartAsync();
        Url = new Uri(application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
    }

    private async Task HandleAsync(HttpContext context)
    {
        if (context.Request.Headers.Authorization != "Bearer " + SidecarKey)
        {
            context.Response.StatusCode = 401;
            return;
        }

        if (FailingWith != 0)
        {
            context.Response.StatusCode = FailingWith;
            return;
        }

        await (context.Request.Path.Value switch
        {
            "/api/v1/sidecar/snapshot" => StreamAsync(context),
            "/api/v1/sidecar/acknowledgements" => AcknowledgeAsync(context),
            "/api/v1/sidecar/leases" => ExchangeAsync(context),
            "/api/v1/sidecar/shares" => ExchangeSharesAsync(context),
            "/api/v1/sidecar/settlements" => SettleAsync(context),
            "/api/v1/events" => TakeEventsAsync(context),
            _ => throw new InvalidOperationException(context.Request.Path),
        });
    }

    private async Task StreamAsync(HttpContext context)
    {
        var mine = Channel.CreateUnbounded<SidecarMessage>();
        lock (gate)
        {
            Streams++;
            LastSince = context.Request.Query["since"];
            var since = long.TryParse(LastSince, out var known) ? known : 0;
            mine.Writer.TryWrite(new SnapshotBegins(since == 0, ReservationKey, Format));
            changes.Where(change => change.Version > since).ToList().ForEach(change => mine.Writer.TryWrite(change));
            mine.Writer.TryWrite(new SnapshotEnds(version));
            mine.Writer.TryWrite(HeartbeatNow(++sequence));
            followers.Add(mine);
            following[mine] = context.Request.Query["sidecar"].ToString();
        }

        context.Response.ContentType = "application/x-ndjson";
        try
        {
            await foreach (var message in mine.Reader.ReadAllAsync(context.RequestAborted))
            {
                await JsonSerializer.SerializeAsync(context.Response.Body, message, SidecarJson.Default.SidecarMessage);
                await context.Response.Body.WriteAsync("\n"u8.ToArray());
                await context.Response.Body.FlushAsync();
            }
        }
        catch (OperationCanceledException)
        {
            // The sidecar went away.
        }
        finally
        {
            lock (gate)
            {
                followers.Remove(mine);
                following.Remove(mine);
            }
        }
    }

    private async Task AcknowledgeAsync(HttpContext context)
    {
        var acknowledgement = await JsonSerializer.DeserializeAsync(context.Request.Body, SidecarJson.Default.SidecarAcknowledgement);
        lock (gate)
        {
            Acknowledged.Add(acknowledgement!.Sequence);
        }

        context.Response.StatusCode = 204;
    }

    private async Task ExchangeAsync(HttpContext context)
    {
        var request = await JsonSerializer.DeserializeAsync(context.Request.Body, SidecarJson.Default.LeaseExchangeRequest);
        await JsonSerializer.SerializeAsync(context.Response.Body, Exchange(request!), SidecarJson.Default.LeaseExchangeResponse);
    }

    private async Task TakeEventsAsync(HttpContext context)
    {
        var batch = (JsonArray)(await JsonNode.ParseAsync(context.Request.Body))!;
        lock (gate)
        {
            if (batch.Any(one => (string?)one!["type"] == RefusedEventType))
            {
                context.Response.StatusCode = 400;
                return;
            }

            Events.AddRange(batch.Select(one => one!.DeepClone()));
        }

        context.Response.StatusCode = 204;
    }

    public ImmutableArray<JsonNode> EventsNow()
    {
        lock (gate)
        {
            return [.. Events];
        }
    }
}
