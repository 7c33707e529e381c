using Microsoft.Extensions.Logging;
using NodaTime;
using Quartz;

namespace Metering.Invoicing.Billing;

/// <summary>What the schedule fires. A run that fails leaves its work due for the next minute.</summary>
[DisallowConcurrentExecution]
internal sealed class BillingJob(BillingRun run, IClock clock, ILogger<BillingJob> logger) : IJob
{
    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken)
    {
        try
        {
            await run.RunDueAsync(clock.GetCurrentInstant(), cancellationToken);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            logger.BillingRunStopped(exception);
        }
    }
}
