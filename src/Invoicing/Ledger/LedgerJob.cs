using Microsoft.Extensions.Logging;
using NodaTime;
using Quartz;

namespace Metering.Invoicing.Ledger;

/// <summary>What the schedule fires for the ledger, beside billing. What fails stays due for the next time.</summary>
[DisallowConcurrentExecution]
internal sealed class LedgerJob(LedgerUpkeep upkeep, IClock clock, ILogger<LedgerJob> logger) : IJob
{
    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken)
    {
        try
        {
            await upkeep.RunDueAsync(clock.GetCurrentInstant(), cancellationToken);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            logger.LedgerUpkeepStopped(exception);
        }
    }
}
