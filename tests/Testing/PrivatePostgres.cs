namespace Metering.Testing;

/// <summary>
/// A durable PostgreSQL cluster of a test's own, made by <c>eng/postgres.sh</c> as <c>./metering up</c> makes it, so that a
/// test may kill the server. Removed with everything it held when disposed.
/// </summary>
public sealed class PrivatePostgres : IAsyncDisposable
{
    private static readonly Dictionary<string, string> NoExtraEnvironment = [];
    private static readonly string Script = Path.Combine(Repository.Root, "eng", "postgres.sh");

    private static readonly TimeSpan PollDelay = TimeSpan.FromMilliseconds(20);

    private readonly string directory;

    private PrivatePostgres(string directory, string connectionString)
    {
        this.directory = directory;
        ConnectionString = connectionString;
    }

    public string ConnectionString { get; }

    /// <param name="directory">Does not exist yet; every user can reach its parent.</param>
    public static async Task<PrivatePostgres> StartAsync(string directory, CancellationToken cancellationToken)
    {
        await CommandAsync(["start", directory, "--durable"], cancellationToken);
        return new PrivatePostgres(directory, (await CommandAsync(["url", directory], cancellationToken)).Trim());
    }

    /// <summary>
    /// SIGKILL to the postmaster: nothing is flushed, and the next start recovers from the write-ahead log. Returns when it is gone: while
    /// it is dying a start would still find it running.
    /// </summary>
    public async Task KillAsync(CancellationToken cancellationToken)
    {
        var processId = await ProcessIdAsync(cancellationToken)
            ?? throw new InvalidOperationException($"PostgreSQL in {directory} does not run.");
        await ManagedProcess.RunAsync("kill", ["-KILL", processId], NoExtraEnvironment, cancellationToken);
        while (await ProcessIdAsync(cancellationToken) == processId)
        {
            await Task.Delay(PollDelay, cancellationToken);
        }
    }

    public Task RestartAsync(CancellationToken cancellationToken) => CommandAsync(["start", directory, "--durable"], cancellationToken);

    public async ValueTask DisposeAsync() => await CommandAsync(["remove", directory], CancellationToken.None);

    /// <summary>Null when it does not run.</summary>
    private async Task<string?> ProcessIdAsync(CancellationToken cancellationToken)
    {
        try
        {
            return (await CommandAsync(["pid", directory], cancellationToken)).Trim();
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    private static Task<string> CommandAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken) =>
        ManagedProcess.RunAsync(Script, arguments, NoExtraEnvironment, cancellationToken);
}
