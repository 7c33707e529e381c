using Metering.Platform.Clock;
using Metering.Subscriptions.Leases;
using Metering.Subscriptions.Shares;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Metering.Subscriptions.Snapshots;

/// <summary>Lets phases change and periods end when their time comes. In a sandbox the test clock does it instead.</summary>
internal sealed class DueWorkLoop(
    AccessBoundaries boundaries, PoolSegments segments, PoolClosing closing, ShareDesk shares, ProductClock clock, ILogger<DueWorkLoop> logger)
    : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested && !clock.Stands)
        {
            try
            {
                var now = clock.GetCurrentInstant();
                await boundaries.RunDueAsync(now, stoppingToken);
                await segments.RunDueAsync(now, stoppingToken);
                await closing.RunDueAsync(now, stoppingToken);
                await shares.TidyAsync(now, stoppingToken);
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                logger.DueWorkFailed(exception, Interval);
            }

            await Task.Delay(Interval, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
