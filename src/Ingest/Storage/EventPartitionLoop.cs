using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using NodaTime;

namespace Metering.Ingest.Storage;

/// <summary>Makes months at the start and ahead of time. Recording never waits for it.</summary>
internal sealed class EventPartitionLoop(EventPartitions partitions, IClock clock, ILogger<EventPartitionLoop> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromHours(1);
    private static readonly TimeSpan FailureDelay = TimeSpan.FromMinutes(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            var delay = Interval;
            try
            {
                if (await partitions.MakeAsync(clock.GetCurrentInstant(), stoppingToken) is > 0 and var made)
                {
                    logger.PartitionsMade(made);
                }
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                delay = FailureDelay;
                logger.PartitionsNotMade(exception, delay);
            }

            await Task.Delay(delay, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
