namespace Metering.Platform.Clock;

/// <summary>Work in the background that comes round again for as long as the process runs, whatever goes wrong with it.</summary>
public static class RecurringWork
{
    /// <param name="work">Does what there is to do, and says after what time to look again.</param>
    /// <param name="failureDelay">After what time to try again when the work fails.</param>
    /// <param name="logFailure">Is told of the failure and of that time.</param>
    /// <param name="stoppingToken">Ends the work and the waiting.</param>
    public static async Task RunAsync(
        Func<CancellationToken, Task<TimeSpan>> work, TimeSpan failureDelay, Action<Exception, TimeSpan> logFailure, CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            TimeSpan delay;
            try
            {
                delay = await work(stoppingToken);
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                delay = failureDelay;
                logFailure(exception, delay);
            }

            await Task.Delay(delay, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
