using Metering.Platform.Clock;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Metering.Ingest.Rollups;

/// <summary>
/// Folds in the background. Nothing waits for it: what is not folded yet is read as deltas. It rests a few times as long as it has worked, between
/// slices too: the more there is, the more deltas of one cell meet in one folding, and recording keeps most of the machine.
/// </summary>
internal sealed class RollupFoldingLoop(RollupFolding folding, ILogger<RollupFoldingLoop> logger) : BackgroundService
{
    private const int RestsPerWork = 4;

    /// <summary>When more comes than is folded: half of the time.</summary>
    private const int RestsPerWorkBehind = 1;
    private static readonly TimeSpan IdleDelay = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan FailureDelay = TimeSpan.FromSeconds(10);

    private bool isBehind;

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        RecurringWork.RunAsync(FoldAsync, FailureDelay, logger.FoldingFailed, stoppingToken);

    private async Task<TimeSpan> FoldAsync(CancellationToken cancellationToken)
    {
        isBehind = await folding.FoldAsync(work => work * (isBehind ? RestsPerWorkBehind : RestsPerWork), cancellationToken);
        return isBehind ? TimeSpan.Zero : IdleDelay;
    }
}
