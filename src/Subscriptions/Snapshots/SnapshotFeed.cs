using System.Diagnostics;
using Metering.Platform.Database;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Metering.Subscriptions.Snapshots;

/// <summary>
/// Rings the streams when a version was committed: at once by PostgreSQL's notification, and by looking every second in case one was lost.
/// Also the pulse of the heartbeats.
/// </summary>
internal sealed class SnapshotFeed(MeteringDatabase database, SidecarStreams streams, ILogger<SnapshotFeed> logger) : BackgroundService
{
    private const int PollMilliseconds = 1_000;
    private static readonly TimeSpan HeartbeatInterval = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await FollowAsync(stoppingToken);
            }
            catch (Exception exception) when (exception is NpgsqlException or TimeoutException or IOException)
            {
                logger.SnapshotNotFollowed(exception, RetryDelay);
                streams.RingAll(heartbeat: true);
                await Task.Delay(RetryDelay, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
        }
    }

    private async Task FollowAsync(CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(cancellationToken);
        await session.ExecuteAsync($"listen {SnapshotVersions.Channel}", null, cancellationToken);
        var (known, lastPulse) = (-1L, Stopwatch.GetTimestamp());
        while (true)
        {
            await session.Connection.WaitAsync(PollMilliseconds, cancellationToken);
            var head = await AccessCompiler.HeadAsync(session, cancellationToken);
            var pulse = Stopwatch.GetElapsedTime(lastPulse) >= HeartbeatInterval;
            if (head != known || pulse)
            {
                streams.RingAll(heartbeat: pulse);
            }

            (known, lastPulse) = (head, pulse ? Stopwatch.GetTimestamp() : lastPulse);
        }
    }
}
