using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using Metering.Host;
using Metering.Invoicing.Ledger;
using Metering.Platform;
using Metering.Platform.Clock;
using Metering.Platform.Database;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using NodaTime;
using NodaTime.Text;

namespace Metering.Testing;

/// <summary>
/// The real Host in this process, on a free port and a database of its own, with the test clock on: stories are told
/// through its HTTP face as an operator would.
/// </summary>
public sealed class TestHost : IAsyncDisposable
{
    public const string AdminKey = "test-admin-key-0123456789";

    private readonly TestDatabase database;
    private readonly string dataDirectory;
    private readonly WebApplication application;
    private readonly TestBroker? broker;

    private TestHost(TestDatabase database, string dataDirectory, WebApplication application, TestBroker? broker)
    {
        this.broker = broker;
        this.database = database;
        this.dataDirectory = dataDirectory;
        this.application = application;
        Url = new Uri(application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
        Client = ClientWith(AdminKey);
    }

    public Uri Url { get; }

    /// <summary>Signed in as admin.</summary>
    public HttpClient Client { get; }

    /// <summary>The host's own exchanges and queues.</summary>
    public TestBroker Broker => broker ?? throw new InvalidOperationException("The host was started without a broker.");

    public IServiceProvider Services => application.Services;

    public string DataDirectory => dataDirectory;

    public string SidecarKey => File.ReadAllText(Path.Combine(dataDirectory, "sidecar-key"));

    public string ConnectionString => database.ConnectionString;

    public Instant Now => Services.GetRequiredService<ProductClock>().GetCurrentInstant();

    /// <param name="startAt">Where the test clock stands, RFC 3339.</param>
    /// <param name="rabbitMq">Null: embedded, without a broker.</param>
    /// <param name="publicUrl">The address that customers are told.</param>
    /// <param name="allowPrivateWebhooks">Webhooks may go to receivers on this machine.</param>
    /// <param name="strictValidation">Events that would not be counted are refused.</param>
    public static async Task<TestHost> StartAsync(
        string startAt = "2026-01-15T09:00:00Z", string? rabbitMq = null, string publicUrl = "http://127.0.0.1",
        bool allowPrivateWebhooks = false, bool strictValidation = false)
    {
        var database = await TestDatabase.CreateMigratedAsync();
        var dataDirectory = Directory.CreateTempSubdirectory("metering-test-").FullName;
        var suffix = $"-{Path.GetFileName(dataDirectory)}";
        var options = new MeteringOptions(
            database.ConnectionString, rabbitMq is null ? null : new Uri(rabbitMq), dataDirectory,
            InstantPattern.ExtendedIso.Parse(startAt).Value, AdminKey, "127.0.0.1", 0, new Uri(publicUrl))
        {
            AllowPrivateWebhooks = allowPrivateWebhooks,
            StrictValidation = strictValidation,
            BrokerSuffix = rabbitMq is null ? "" : suffix,
        };
        var application = await HostApplication.CreateAsync(options, CancellationToken.None);
        await application.StartAsync();
        return new TestHost(database, dataDirectory, application, rabbitMq is null ? null : new TestBroker(options.RabbitMq!, suffix));
    }

    public HttpClient ClientWith(string apiKey)
    {
        var client = new HttpClient { BaseAddress = Url };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", apiKey);
        return client;
    }

    /// <summary>Moves the clock and lets everything happen that falls due on the way.</summary>
    public async Task AdvanceToAsync(string instant) =>
        await PostAsync("/api/v1/test-clock/advance", new JsonObject { ["to"] = instant });

    public async Task<JsonNode> PostAsync(string path, JsonNode body, int expectedStatus = 0) =>
        await ReadAsync(await Client.PostAsJsonAsync(path, body), expectedStatus);

    public async Task<JsonNode> GetAsync(string path, int expectedStatus = 0) => await ReadAsync(await Client.GetAsync(path), expectedStatus);

    private static async Task<JsonNode> ReadAsync(HttpResponseMessage response, int expectedStatus)
    {
        var text = await response.Content.ReadAsStringAsync();
        var asExpected = expectedStatus == 0 ? response.IsSuccessStatusCode : (int)response.StatusCode == expectedStatus;
        if (!asExpected)
        {
            var request = response.RequestMessage!;
            throw new InvalidOperationException($"{request.Method} {request.RequestUri} answered {(int)response.StatusCode}: {text}");
        }

        return text.Length == 0 ? new JsonObject() : JsonNode.Parse(text, documentOptions: new JsonDocumentOptions { MaxDepth = 64 })!;
    }

    /// <summary>Whatever a story was about, its books hold at the end.</summary>
    public async ValueTask DisposeAsync()
    {
        var invariants = await LedgerInvariants.CheckAsync(Services.GetRequiredService<MeteringDatabase>(), CancellationToken.None);
        Client.Dispose();
        await application.StopAsync();
        await application.DisposeAsync();
        await (broker?.RemoveAsync() ?? Task.CompletedTask);
        await database.DisposeAsync();
        Directory.Delete(dataDirectory, recursive: true);
        if (invariants.FirstOrDefault(result => !result.Holds) is { } broken)
        {
            throw new InvalidOperationException($"The ledger does not hold. {broken.Statement} {string.Join("; ", broken.Violations)}");
        }
    }
}
