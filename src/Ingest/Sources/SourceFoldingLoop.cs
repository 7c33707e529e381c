using Metering.Platform.Clock;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Metering.Ingest.Sources;

/// <summary>Folds in the background, so that the runs stay few and the missing are counted though nobody asks.</summary>
internal sealed class SourceFoldingLoop(SourceFolding folding, ILogger<SourceFoldingLoop> logger) : BackgroundService
{
    private static readonly TimeSpan IdleDelay = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan FailureDelay = TimeSpan.FromSeconds(10);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        RecurringWork.RunAsync(FoldAsync, FailureDelay, logger.SourcesNotFolded, stoppingToken);

    private async Task<TimeSpan> FoldAsync(CancellationToken cancellationToken)
    {
        await folding.FoldAsync(cancellationToken);
        return IdleDelay;
    }
}
