using Metering.Platform.Clock;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Metering.Ingest.Backfills;

/// <summary>Looks for backfills to close and revert. What was interrupted goes on at the next start.</summary>
internal sealed class BackfillLoop(BackfillQueue queue, ILogger<BackfillLoop> logger) : BackgroundService
{
    private static readonly TimeSpan IdleDelay = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan FailureDelay = TimeSpan.FromSeconds(10);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        RecurringWork.RunAsync(DrainAsync, FailureDelay, logger.BackfillFailed, stoppingToken);

    private async Task<TimeSpan> DrainAsync(CancellationToken cancellationToken)
    {
        await queue.DrainAsync(cancellationToken);
        return IdleDelay;
    }
}
