using Metering.Platform.Clock;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Metering.Ingest.Rollups;

/// <summary>Restates in the background. Nothing waits for it: what is pending is read from the events.</summary>
internal sealed class RestatingLoop(RestatingQueue queue, ILogger<RestatingLoop> logger) : BackgroundService
{
    private static readonly TimeSpan IdleDelay = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan FailureDelay = TimeSpan.FromSeconds(10);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        RecurringWork.RunAsync(DrainAsync, FailureDelay, logger.RestatingFailed, stoppingToken);

    private async Task<TimeSpan> DrainAsync(CancellationToken cancellationToken)
    {
        await queue.DrainAsync(cancellationToken);
        return IdleDelay;
    }
}
