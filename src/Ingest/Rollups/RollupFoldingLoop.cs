using System.Diagnostics;
using Metering.Platform.Clock;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Metering.Ingest.Rollups;

/// <summary>
/// Folds in the background. Nothing waits for it: what is not folded yet is read as deltas. It rests longer than it has worked: the more there
/// is, the more deltas of one cell meet in one folding, and recording keeps most of the machine. Not much longer: every query reads what is
/// not folded yet, and a long statement takes a processor from recording for as long as it runs.
/// </summary>
internal sealed class RollupFoldingLoop(RollupFolding folding, ILogger<RollupFoldingLoop> logger) : BackgroundService
{
    private const int RestsPerWork = 2;
    private static readonly TimeSpan IdleDelay = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestRest = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan FailureDelay = TimeSpan.FromSeconds(10);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        RecurringWork.RunAsync(FoldAsync, FailureDelay, logger.FoldingFailed, stoppingToken);

    private async Task<TimeSpan> FoldAsync(CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        var more = await folding.FoldAsync(cancellationToken);
        return more ? TimeSpan.Zero : RestAfter(Stopwatch.GetElapsedTime(started));
    }

    private static TimeSpan RestAfter(TimeSpan work)
    {
        var rest = work * RestsPerWork;
        return rest < IdleDelay ? IdleDelay : rest > LongestRest ? LongestRest : rest;
    }
}
