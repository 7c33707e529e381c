using Metering.Invoicing.Credits;
using Metering.Invoicing.Lifecycle;
using Microsoft.Extensions.Logging;
using NodaTime;
using Quartz;

namespace Metering.Invoicing.Billing;

/// <summary>What the schedule fires. A run that fails leaves its work due for the next minute.</summary>
[DisallowConcurrentExecution]
internal sealed class BillingJob(
    CreditAgeing credits, BillingRun run, InvoiceAdvancing advancing, IClock clock, ILogger<BillingJob> logger) : IJob
{
    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken)
    {
        try
        {
            var now = clock.GetCurrentInstant();
            await credits.RunDueAsync(now, cancellationToken);
            await run.RunDueAsync(now, cancellationToken);
            await advancing.RunDueAsync(now, cancellationToken);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            logger.BillingRunStopped(exception);
        }
    }
}
