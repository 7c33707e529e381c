using System.Collections.Immutable;
using System.Net.Http.Json;
using System.Text.Json;
using Metering.Contracts.Sidecar;
using Metering.Platform.Http;
using Metering.Testing;

namespace Metering.Subscriptions.Tests.Snapshots;

/// <summary>A sidecar as far as the stream goes: applies what it is told and acknowledges heartbeats, unless it is a silent one.</summary>
internal sealed class FollowingSidecar : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly HttpClient client;
    private readonly string id;
    private readonly bool acknowledges;
    private readonly CancellationTokenSource stopping = new();
    private readonly Lock gate = new();
    private readonly Dictionary<string, CustomerAccess> customers = [];
    private readonly List<SidecarMessage> messages = [];
    private Task reading = Task.CompletedTask;

    private FollowingSidecar(HttpClient client, string id, bool acknowledges)
    {
        this.client = client;
        this.id = id;
        this.acknowledges = acknowledges;
    }

    public static async Task<FollowingSidecar> ConnectAsync(
        TestHost host, string id = "one", long? since = null, bool acknowledges = true, bool recalls = false)
    {
        var sidecar = new FollowingSidecar(host.ClientWith(host.SidecarKey), id, acknowledges);
        var path = $"/api/v1/sidecar/snapshot?sidecar={id}{(since is null ? "" : $"&since={since}")}{(recalls ? "&recalls=true" : "")}";
        var response = await sidecar.client.GetAsync(path, HttpCompletionOption.ResponseHeadersRead);
        Assert(response.IsSuccessStatusCode, $"The stream answered {(int)response.StatusCode}.");
        sidecar.reading = sidecar.ReadAsync(response);
        await sidecar.UntilAsync(one => one.Messages.OfType<Heartbeat>().Any());
        return sidecar;
    }

    public ImmutableArray<SidecarMessage> Messages
    {
        get
        {
            lock (gate)
            {
                return [.. messages];
            }
        }
    }

    public Heartbeat LastHeartbeat => Messages.OfType<Heartbeat>().Last();

    public SnapshotBegins Opening => Messages.OfType<SnapshotBegins>().Single();

    public long SnapshotVersion => Messages.OfType<SnapshotEnds>().Single().Version;

    public CustomerAccess? Customer(string key)
    {
        lock (gate)
        {
            return customers.Values.LastOrDefault(customer => customer.Key == key);
        }
    }

    public FeatureAccess? Feature(string customerKey, string featureKey) =>
        Customer(customerKey)?.Features.FirstOrDefault(feature => feature.FeatureKey == featureKey);

    /// <summary>Waits for a condition; that it comes true is the test, not how fast.</summary>
    public async Task UntilAsync(Func<FollowingSidecar, bool> condition)
    {
        using var limit = new CancellationTokenSource(Patience);
        while (!condition(this))
        {
            Assert(!limit.IsCancellationRequested, "The sidecar waited in vain.");
            if (reading.IsFaulted)
            {
                await reading;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(5), CancellationToken.None);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        client.Dispose();
        stopping.Dispose();
    }

    private async Task ReadAsync(HttpResponseMessage response)
    {
        using (response)
        using (var reader = new StreamReader(await response.Content.ReadAsStreamAsync(stopping.Token)))
        {
            while (await reader.ReadLineAsync(stopping.Token) is { } line)
            {
                await ApplyAsync(JsonSerializer.Deserialize<SidecarMessage>(line, MeteringJson.Options)!);
            }
        }
    }

    private async Task ApplyAsync(SidecarMessage message)
    {
        lock (gate)
        {
            messages.Add(message);
            if (message is CustomerChanged changed)
            {
                customers[changed.Customer.CustomerId] = changed.Customer;
            }
        }

        if (message is Heartbeat heartbeat && acknowledges)
        {
            using var response = await client.PostAsJsonAsync(
                "/api/v1/sidecar/acknowledgements", new SidecarAcknowledgement(id, heartbeat.Sequence), MeteringJson.Options, stopping.Token);
        }
    }

    private static void Assert(bool condition, string message) => Xunit.Assert.True(condition, message);
}
