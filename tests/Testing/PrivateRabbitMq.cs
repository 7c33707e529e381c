namespace Metering.Testing;

/// <summary>
/// A RabbitMQ node of a test's own, made by <c>eng/rabbitmq.sh</c>, so that a test may stop or kill it. Removed with everything it held
/// when disposed.
/// </summary>
public sealed class PrivateRabbitMq : IAsyncDisposable
{
    private static readonly Dictionary<string, string> NoExtraEnvironment = [];
    private static readonly string Script = Path.Combine(Repository.Root, "eng", "rabbitmq.sh");

    private readonly string directory;

    private PrivateRabbitMq(string directory, string url)
    {
        this.directory = directory;
        Url = url;
    }

    /// <summary>amqp://, with the password.</summary>
    public string Url { get; }

    public static async Task<PrivateRabbitMq> StartAsync(CancellationToken cancellationToken)
    {
        var directory = Directory.CreateTempSubdirectory("metering-rabbitmq-").FullName;
        File.SetUnixFileMode(directory, (UnixFileMode)Convert.ToInt32("755", 8));
        await CommandAsync("start", directory, cancellationToken);
        return new PrivateRabbitMq(directory, (await CommandAsync("url", directory, cancellationToken)).Trim());
    }

    /// <summary>As an operator does: what is durable stays.</summary>
    public Task StopAsync(CancellationToken cancellationToken) => CommandAsync("stop", directory, cancellationToken);

    /// <summary>SIGKILL.</summary>
    public Task KillAsync(CancellationToken cancellationToken) => CommandAsync("kill", directory, cancellationToken);

    /// <summary>On the same port, with what was durable.</summary>
    public Task RestartAsync(CancellationToken cancellationToken) => CommandAsync("start", directory, cancellationToken);

    public async ValueTask DisposeAsync() => await CommandAsync("remove", directory, CancellationToken.None);

    private static Task<string> CommandAsync(string command, string directory, CancellationToken cancellationToken) =>
        ManagedProcess.RunAsync(Script, [command, directory], NoExtraEnvironment, cancellationToken);
}
