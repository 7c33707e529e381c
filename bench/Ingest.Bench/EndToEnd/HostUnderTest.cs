using System.Diagnostics;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Metering.Bench;
using Npgsql;

namespace Metering.Ingest.Bench.EndToEnd;

/// <summary>The product as its operator runs it, in a process of its own, with two meters that count every event of the generator.</summary>
internal sealed class HostUnderTest : IAsyncDisposable
{
    private const string AdminKey = "bench-admin-key-0123456789";
    private static readonly TimeSpan CountLimit = TimeSpan.FromSeconds(120);

    /// <summary>Counting takes from the processors what recording needs.</summary>
    private static readonly TimeSpan CountPause = TimeSpan.FromMilliseconds(500);
    private readonly ChildProcess process;
    private readonly string dataFolder;
    private readonly HttpClient client;

    private HostUnderTest(ChildProcess process, string dataFolder, int port, HttpClient client)
    {
        this.process = process;
        this.dataFolder = dataFolder;
        this.client = client;
        Port = port;
    }

    public int Port { get; }

    /// <summary>Of a gateway, which is what sends events.</summary>
    public string GatewayKey { get; private set; } = "";

    public ChildProcess Process => process;

    /// <param name="rabbitMq">Null: without a broker.</param>
    public static async Task<HostUnderTest> StartAsync(NpgsqlDataSource database, string? rabbitMq, CancellationToken cancellationToken)
    {
        var port = LoopbackPort.Free();
        var folder = Directory.CreateTempSubdirectory("metering-ingest-bench-host-").FullName;
        var url = new Uri($"http://127.0.0.1:{port}");
        var environment = new Dictionary<string, string>
        {
            ["METERING_POSTGRES"] = database.ConnectionString,
            ["METERING_PORT"] = $"{port}",
            ["METERING_DATA"] = folder,
            ["METERING_ADMIN_KEY"] = AdminKey,
            ["METERING_RABBITMQ"] = rabbitMq ?? "",
            ["METERING_TEST_CLOCK"] = "",
        };
        var process = await ChildProcess.StartAsync("Metering.Host.dll", ["serve"], environment, new Uri(url, "/health/ready"), cancellationToken);
        var client = new HttpClient { BaseAddress = url };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", AdminKey);
        var host = new HostUnderTest(process, folder, port, client);
        await host.PostAsync("/api/v1/meters", MeterNamed("requests", "COUNT", null), cancellationToken);
        await host.PostAsync("/api/v1/meters", MeterNamed("tokens", "SUM", "$.total_tokens"), cancellationToken);
        await host.PostAsync("/api/v1/meters", MeterNamed("probes", "COUNT", null, "bench.probe"), cancellationToken);
        var key = await host.PostAsync("/api/v1/api-keys", new JsonObject { ["name"] = "bench", ["role"] = "gateway" }, cancellationToken);
        host.GatewayKey = (string)key["key"]!;
        return host;
    }

    /// <summary>How many events of the generator usage queries know of.</summary>
    public async Task<long> CountedAsync(CancellationToken cancellationToken) => await CountAsync("requests", "", cancellationToken);

    public async Task<bool> KnowsProbeAsync(string subject, CancellationToken cancellationToken) =>
        await CountAsync("probes", $"?subject={subject}", cancellationToken) > 0;

    public async Task<JsonNode> PostAsync(string path, JsonNode body, CancellationToken cancellationToken)
    {
        using var response = await client.PostAsJsonAsync(path, body, cancellationToken);
        var text = await response.Content.ReadAsStringAsync(cancellationToken);
        return !response.IsSuccessStatusCode ? throw new InvalidOperationException($"{path}: {(int)response.StatusCode} {text}")
            : text.Length == 0 ? new JsonObject()
            : JsonNode.Parse(text)!;
    }

    public async ValueTask DisposeAsync()
    {
        client.Dispose();
        await process.DisposeAsync();
        Directory.Delete(dataFolder, recursive: true);
    }

    /// <exception cref="TimeoutException">Something that was accepted is not counted.</exception>
    public static async Task UntilCountedAsync(long accepted, Func<CancellationToken, Task<long>> counted, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        while (await counted(cancellationToken) is var known && known != accepted)
        {
            if (Stopwatch.GetElapsedTime(started) > CountLimit)
            {
                throw new TimeoutException($"{accepted} events were accepted and {known} are counted.");
            }

            await Task.Delay(CountPause, cancellationToken);
        }
    }

    private async Task<long> CountAsync(string meter, string parameters, CancellationToken cancellationToken)
    {
        var answer = JsonNode.Parse(await client.GetStringAsync($"/api/v1/meters/{meter}/query{parameters}", cancellationToken))!;
        return answer["data"]!.AsArray().Sum(row => (long)row!["value"]!);
    }

    private static JsonObject MeterNamed(string slug, string aggregation, string? value, string eventType = EventGenerator.EventType)
    {
        var meter = new JsonObject { ["slug"] = slug, ["aggregation"] = aggregation, ["eventType"] = eventType, ["valueProperty"] = value };
        if (eventType == EventGenerator.EventType)
        {
            meter["groupBy"] = new JsonObject { ["model"] = "$.model" };
        }

        return meter;
    }
}
