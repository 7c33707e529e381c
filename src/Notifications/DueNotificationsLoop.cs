using Metering.Notifications.Delivering;
using Metering.Notifications.Watching;
using Metering.Platform.Clock;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Metering.Notifications;

/// <summary>Looks at balances, notices resets and delivers, as it falls due. In a sandbox the test clock does it instead.</summary>
internal sealed class DueNotificationsLoop(
    ThresholdWatch thresholds, ResetWatch resets, DeliveryWork deliveries, ProductClock clock, ILogger<DueNotificationsLoop> logger)
    : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested && !clock.Stands)
        {
            foreach (var work in (IDueWork[])[thresholds, resets, deliveries])
            {
                await RunAsync(work, stoppingToken);
            }

            await Task.Delay(Interval, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>What one can not do keeps the others from nothing.</summary>
    private async Task RunAsync(IDueWork work, CancellationToken stoppingToken)
    {
        try
        {
            if (await work.NextDueAsync(stoppingToken) is { } due && due <= clock.GetCurrentInstant())
            {
                await work.RunDueAsync(clock.GetCurrentInstant(), stoppingToken);
            }
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            logger.DueWorkFailed(exception, Interval);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The process stops; what was begun is found again by its claim.
        }
    }
}
