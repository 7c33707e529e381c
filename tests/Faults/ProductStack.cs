using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Metering.Testing;
using Xunit;

namespace Metering.Faults;

/// <summary>
/// The product as an operator runs it, each part a process that can be killed: PostgreSQL with durability on, Host, the
/// sidecar, a model behind nginx. Everything on loopback and in one folder, which is named when something goes wrong.
/// </summary>
internal sealed class ProductStack : IAsyncDisposable
{
    public const string AdminKey = "fault-test-admin-key-0123456789";
    private static readonly TimeSpan ReadyLimit = TimeSpan.FromSeconds(60);
    private static readonly UnixFileMode EveryoneReads = (UnixFileMode)Convert.ToInt32("755", 8);

    private readonly string? rabbitMq;
    private readonly Func<string, string> wayToPostgres;
    private readonly IReadOnlyDictionary<string, string> hostSettings;
    private string? hostConnection;
    private bool succeeded;
    private readonly int hostPort;
    private readonly int sidecarPort;
    private readonly int upstreamPort;
    private readonly int gatewayPort;
    private readonly HttpClient probe = new() { Timeout = TimeSpan.FromSeconds(5) };

    private ProductStack(string? rabbitMq, Func<string, string> wayToPostgres, IReadOnlyDictionary<string, string> hostSettings)
    {
        this.hostSettings = hostSettings;
        this.rabbitMq = rabbitMq;
        this.wayToPostgres = wayToPostgres;
        (hostPort, sidecarPort, upstreamPort, gatewayPort) = FreePort.Take(4) is [var a, var b, var c, var d] ? (a, b, c, d) : default;
        Folder = Directory.CreateTempSubdirectory("metering-fault-").FullName;
        File.SetUnixFileMode(Folder, EveryoneReads);
        Directory.CreateDirectory(Logs);
        Client = new HttpClient { BaseAddress = HostUrl, Timeout = TimeSpan.FromSeconds(30) };
        Client.DefaultRequestHeaders.Authorization = new("Bearer", AdminKey);
    }

    public string Folder { get; }

    public string Logs => Path.Combine(Folder, "log");

    public Uri HostUrl => new($"http://127.0.0.1:{hostPort}");

    public Uri GatewayUrl => new($"http://127.0.0.1:{gatewayPort}");

    /// <summary>Signed in as admin.</summary>
    public HttpClient Client { get; }

    public PrivatePostgres Postgres { get; private set; } = null!;

    public ManagedProcess Host { get; private set; } = null!;

    public ManagedProcess Sidecar { get; private set; } = null!;

    private ManagedProcess? Upstream { get; set; }

    private ManagedProcess? Gateway { get; set; }

    /// <summary>PostgreSQL and Host.</summary>
    /// <param name="wayToPostgres">From the server's connection string to the one that Host uses, when something stands between.</param>
    /// <param name="hostSettings">Environment of Host beyond what it needs to run.</param>
    public static async Task<ProductStack> StartAsync(
        string? rabbitMq, CancellationToken cancellationToken, Func<string, string>? wayToPostgres = null,
        IReadOnlyDictionary<string, string>? hostSettings = null)
    {
        var stack = new ProductStack(rabbitMq, wayToPostgres ?? (server => server), hostSettings ?? new Dictionary<string, string>());
        try
        {
            stack.Postgres = await PrivatePostgres.StartAsync(Path.Combine(stack.Folder, "postgres"), cancellationToken);
            await stack.StartHostAsync(cancellationToken);
            return stack;
        }
        catch
        {
            await stack.DisposeAsync();
            throw;
        }
    }

    public async Task StartHostAsync(CancellationToken cancellationToken)
    {
        var environment = new Dictionary<string, string>(hostSettings)
        {
            ["METERING_POSTGRES"] = hostConnection ??= wayToPostgres(Postgres.ConnectionString),
            ["METERING_PORT"] = $"{hostPort}",
            ["METERING_DATA"] = Path.Combine(Folder, "host"),
            ["METERING_ADMIN_KEY"] = AdminKey,
            ["METERING_RABBITMQ"] = rabbitMq ?? "",
        };
        Host = ManagedProcess.Start(
            "host", "dotnet", [BuildOutput.Program("src/Host", "Metering.Host"), "serve", "--role", "all"], environment, Logs);
        await Host.WaitReadyAsync(token => AnswersAsync(new Uri(HostUrl, "/health/ready"), token), ReadyLimit, cancellationToken);
    }

    /// <summary>The sidecar keeps its folder, so that a restart finds what the killed one had written down.</summary>
    /// <param name="spoolDisk">Size of a disk of its own for the spool, as <c>mount</c> takes it; null for the disk of the folder.</param>
    public async Task StartSidecarAsync(CancellationToken cancellationToken, string? spoolDisk = null)
    {
        var environment = new Dictionary<string, string>
        {
            ["METERING_HOST_URL"] = HostUrl.ToString(),
            ["METERING_SIDECAR_KEY_FILE"] = Path.Combine(Folder, "host", "sidecar-key"),
            ["METERING_SIDECAR_DATA"] = Path.Combine(Folder, "sidecar"),
            ["METERING_SIDECAR_PORT"] = $"{sidecarPort}",
        };
        string[] program = ["dotnet", BuildOutput.Program("src/EnforcementSidecar", "Metering.EnforcementSidecar")];
        string[] command = spoolDisk is null ? program : [.. WithSpoolDisk(Path.Combine(Folder, "sidecar", "spool"), spoolDisk), .. program];
        Sidecar = ManagedProcess.Start("sidecar", command[0], command[1..], environment, Logs);
        await Sidecar.WaitReadyAsync(
            token => AnswersAsync(new Uri($"http://127.0.0.1:{sidecarPort}/health/ready"), token), ReadyLimit, cancellationToken);
    }

    /// <summary>As admin; any refusal is a failed test.</summary>
    public async Task<JsonNode> PostAsync(string path, JsonNode body)
    {
        using var response = await Client.PostAsJsonAsync(path, body);
        var text = await response.Content.ReadAsStringAsync();
        return response.IsSuccessStatusCode
            ? text.Length == 0 ? new JsonObject() : JsonNode.Parse(text)!
            : throw new InvalidOperationException($"POST {path} answered {(int)response.StatusCode}: {text}");
    }

    public async Task StartGatewayAsync(CancellationToken cancellationToken)
    {
        var environment = new Dictionary<string, string> { ["METERING_DEMO_UPSTREAM_PORT"] = $"{upstreamPort}" };
        Upstream = ManagedProcess.Start("upstream", "dotnet", [BuildOutput.Program("samples/Demo", "Metering.Demo"), "upstream"], environment, Logs);
        await Upstream.WaitReadyAsync(
            token => AnswersAsync(new Uri($"http://127.0.0.1:{upstreamPort}/health/live"), token), ReadyLimit, cancellationToken);
        Gateway = NginxGateway.Start(Path.Combine(Folder, "nginx"), gatewayPort, sidecarPort, upstreamPort, Logs);
        await Gateway.WaitReadyAsync(token => IsListeningAsync(GatewayUrl, token), ReadyLimit, cancellationToken);
    }

    /// <summary>The test has seen all it wanted: nobody will need the logs.</summary>
    public void Succeed() => succeeded = true;

    /// <summary>Whatever still runs is stopped; the folder stays when the test failed, because the logs are in it.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var process in new[] { Gateway, Upstream, Sidecar, Host })
        {
            if (process is not null)
            {
                await process.DisposeAsync();
            }
        }

        if (Postgres is not null)
        {
            await Postgres.DisposeAsync();
        }

        probe.Dispose();
        Client.Dispose();
        if (succeeded)
        {
            Directory.Delete(Folder, recursive: true);
        }
        else
        {
            TestContext.Current.TestOutputHelper?.WriteLine($"The logs are kept in {Logs}.");
        }
    }

    /// <summary>
    /// Runs what follows where a small disk in memory is mounted on the spool; nobody else sees that disk, and it ends with the process.
    /// </summary>
    private static string[] WithSpoolDisk(string spool, string size)
    {
        Directory.CreateDirectory(spool);
        return
        [
            "unshare", "--map-root-user", "--mount", "sh", "-c",
            "disk=$1 && size=$2 && shift 2 && mount -t tmpfs -o size=\"$size\" tmpfs \"$disk\" && exec \"$@\"", "sh", spool, size,
        ];
    }

    private async Task<bool> AnswersAsync(Uri url, CancellationToken cancellationToken)
    {
        try
        {
            using var response = await probe.GetAsync(url, cancellationToken);
            return response.IsSuccessStatusCode;
        }
        catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException && !cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    /// <summary>Any answer will do: the gateway refuses a caller without a key.</summary>
    private async Task<bool> IsListeningAsync(Uri url, CancellationToken cancellationToken)
    {
        try
        {
            using var response = await probe.GetAsync(url, cancellationToken);
            return true;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
