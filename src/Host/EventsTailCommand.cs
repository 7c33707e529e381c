using System.CommandLine;
using Metering.Host.EventsImport;
using Metering.Host.EventsTail;

namespace Metering.Host;

/// <summary><c>events tail FILE</c>: follows an access log and sends its lines as usage events, each once, over restarts and rotations.</summary>
internal static class EventsTailCommand
{
    /// <summary>What is there may be in the middle of a rotation at the first look; a log that never rests is not followed for ever.</summary>
    private const int LooksOnce = 3;

    private static readonly TimeSpan PollDelay = TimeSpan.FromMilliseconds(500);

    private static readonly Argument<FileInfo> File = new("FILE") { Description = "The log: one JSON object on each line." };
    private static readonly Option<FileInfo> Mapping =
        new("--mapping") { Description = "A file that says how a line becomes an event.", Required = true };
    private static readonly Option<FileInfo?> State =
        new("--state") { Description = "Where is kept how far the log was sent. Default: FILE.metering-tail." };
    private static readonly Option<bool> Once = new("--once") { Description = "Send what is there and end, as for a schedule." };

    public static Command Create()
    {
        var tail = new Command("tail", "Follows a log of JSON lines and sends them as usage events.")
        {
            File, Mapping, State, Once, ServerConnection.Url, ServerConnection.KeyFile,
        };
        tail.SetAction(RunAsync);
        return tail;
    }

    private static async Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        try
        {
            using var client = await ServerConnection.OpenAsync(arguments, cancellationToken);
            var log = arguments.GetRequiredValue(File).FullName;
            var state = arguments.GetValue(State)?.FullName ?? $"{log}.metering-tail";
            var tail = new LogTail(client, MappingFile.Load(arguments.GetRequiredValue(Mapping).FullName), log, state, Console.Error.WriteLine);
            await FollowAsync(tail, arguments.GetValue(Once), cancellationToken);
            var sent = tail.Summary;
            var refused = sent.Rejected + sent.Conflict;
            Console.WriteLine($"{sent.Accepted + sent.Queued} sent, {sent.Duplicate} known already, {refused} refused, {sent.Skipped} nobody's.");
            return refused == 0 ? 0 : 1;
        }
        catch (ImportException exception)
        {
            await Console.Error.WriteLineAsync(exception.Message);
            return 2;
        }
    }

    /// <summary>Until it is told to stop. What is on its way then is sent again by the next run, and counts once.</summary>
    private static async Task FollowAsync(LogTail tail, bool once, CancellationToken cancellationToken)
    {
        try
        {
            for (var look = 1; !cancellationToken.IsCancellationRequested; look++)
            {
                var any = await tail.ReadAsync(cancellationToken);
                if (once && (!any || look == LooksOnce))
                {
                    return;
                }

                await Task.Delay(any ? TimeSpan.Zero : PollDelay, cancellationToken);
            }
        }
        catch (OperationCanceledException)
        {
            // Asked to stop.
        }
    }
}
