namespace Metering.Testing;

/// <summary>A RabbitMQ node of a test's own, made by <c>eng/rabbitmq.sh</c>, so that a test may stop it. Removed with everything it held.</summary>
public sealed class PrivateBroker : IAsyncDisposable
{
    private static readonly Dictionary<string, string> NoExtraEnvironment = [];
    private static readonly string Script = Path.Combine(Repository.Root, "eng", "rabbitmq.sh");
    private static readonly UnixFileMode EveryoneReads = (UnixFileMode)Convert.ToInt32("755", 8);

    private readonly string parent;
    private readonly string directory;

    private PrivateBroker(string parent, string directory, string url)
    {
        this.parent = parent;
        this.directory = directory;
        Url = url;
    }

    public string Url { get; }

    public static async Task<PrivateBroker> StartAsync(CancellationToken cancellationToken)
    {
        var parent = Directory.CreateTempSubdirectory("metering-broker-").FullName;
        File.SetUnixFileMode(parent, EveryoneReads);
        var directory = Path.Combine(parent, "rabbitmq");
        await CommandAsync("start", directory, cancellationToken);
        return new PrivateBroker(parent, directory, (await CommandAsync("url", directory, cancellationToken)).Trim());
    }

    /// <summary>What is durable stays.</summary>
    public Task StopAsync(CancellationToken cancellationToken) => CommandAsync("stop", directory, cancellationToken);

    /// <summary>SIGKILL, as a crash.</summary>
    public Task KillAsync(CancellationToken cancellationToken) => CommandAsync("kill", directory, cancellationToken);

    public Task StartAgainAsync(CancellationToken cancellationToken) => CommandAsync("start", directory, cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await CommandAsync("remove", directory, CancellationToken.None);
        Directory.Delete(parent, recursive: true);
    }

    private static Task<string> CommandAsync(string command, string directory, CancellationToken cancellationToken) =>
        ManagedProcess.RunAsync(Script, [command, directory], NoExtraEnvironment, cancellationToken);
}
