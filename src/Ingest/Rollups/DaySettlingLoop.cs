using Metering.Platform.Clock;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using NodaTime;

namespace Metering.Ingest.Rollups;

/// <summary>Settles days in the background, one after the other. Nothing waits for it: a day that is not settled is read by its hours.</summary>
internal sealed class DaySettlingLoop(DaySettling settling, IClock clock, ILogger<DaySettlingLoop> logger) : BackgroundService
{
    private static readonly TimeSpan BusyDelay = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan IdleDelay = TimeSpan.FromMinutes(1);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        RecurringWork.RunAsync(SettleAsync, IdleDelay, logger.SettlingFailed, stoppingToken);

    private async Task<TimeSpan> SettleAsync(CancellationToken cancellationToken) =>
        await settling.SettleAsync(clock.GetCurrentInstant(), cancellationToken) ? BusyDelay : IdleDelay;
}
