using Metering.Platform.Database;
using Microsoft.Extensions.Logging;
using Quartz;

namespace Metering.Invoicing.Ledger;

/// <summary>Proves the books in production, over and over: what does not hold is counted in a metric and named in the log.</summary>
[DisallowConcurrentExecution]
internal sealed class LedgerCheckJob(MeteringDatabase database, ILogger<LedgerCheckJob> logger) : IJob
{
    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken)
    {
        try
        {
            foreach (var result in await LedgerInvariants.CheckAsync(database, cancellationToken))
            {
                InvoicingMetrics.LedgerChecked(result.Name, result.Violations.Length);
                if (result.Violations is [var first, ..])
                {
                    logger.LedgerInvariantViolated(result.Name, result.Violations.Length, first.Subject);
                }
            }
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            logger.LedgerUpkeepStopped(exception);
        }
    }
}
