using Metering.Platform.Clock;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using NodaTime;

namespace Metering.Ingest.Storage;

/// <summary>Makes months at the start and ahead of time. Recording never waits for it.</summary>
internal sealed class EventPartitionLoop(EventPartitions partitions, IClock clock, ILogger<EventPartitionLoop> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromHours(1);
    private static readonly TimeSpan FailureDelay = TimeSpan.FromMinutes(1);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        RecurringWork.RunAsync(MakeAsync, FailureDelay, logger.PartitionsNotMade, stoppingToken);

    private async Task<TimeSpan> MakeAsync(CancellationToken cancellationToken)
    {
        if (await partitions.MakeAsync(clock.GetCurrentInstant(), cancellationToken) is > 0 and var made)
        {
            logger.PartitionsMade(made);
        }

        return Interval;
    }
}
