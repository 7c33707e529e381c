using Metering.Contracts.Sidecar;
using Metering.EnforcementSidecar.Access;
using Metering.EnforcementSidecar.Time;

namespace Metering.EnforcementSidecar.Leases;

/// <summary>
/// Talks to Host about units: questions are sent as they come, upkeep runs twice a second. Before the first question, everything that an
/// earlier process left behind is settled. What is said is <see cref="LeaseDialogue"/>'s.
/// </summary>
internal sealed class LeaseBroker(
    LeaseSlots slots, LeaseClient client, ProductTime time, SidecarCount sidecars, TimeProvider monotonic, ILogger<LeaseBroker> logger)
    : IHostedService
{
    private const int Askers = 2;
    public static readonly TimeSpan QuestionTimeout = TimeSpan.FromMilliseconds(900);
    public static readonly TimeSpan ReportTimeout = TimeSpan.FromSeconds(5);
    public static readonly TimeSpan UpkeepEvery = TimeSpan.FromMilliseconds(500);
    public static readonly TimeSpan RecoveryPause = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan ClosingTime = TimeSpan.FromSeconds(3);

    private readonly LeaseDialogue dialogue = new(slots, time, sidecars, monotonic, logger);
    private readonly CancellationTokenSource stopping = new();
    private Task loops = Task.CompletedTask;

    public LeaseAccount AccountOf(string entitlementId) => dialogue.AccountOf(entitlementId);

    /// <summary>Null when nothing was ever spent from the entitlement here.</summary>
    public LeaseAccount? Find(string entitlementId) => dialogue.Find(entitlementId);

    /// <summary>Gives back at once what Host asks for: somebody waits for it. What can not be said now is said by the next upkeep.</summary>
    public Task AnswerAsync(Recall recall, CancellationToken cancellationToken) =>
        ExchangeAsync(dialogue.AnswerTo(recall), QuestionTimeout, cancellationToken);

    public Task StartAsync(CancellationToken cancellationToken)
    {
        loops = RunAsync(stopping.Token);
        return Task.CompletedTask;
    }

    /// <summary>Gives back what is left, as far as Host can be reached; the rest stays written down for the next start.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await stopping.CancelAsync();
        await loops;
        dialogue.RetireAll();
        using var bounded = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        bounded.CancelAfter(ClosingTime);
        await CloseAllAsync(ReportTimeout, bounded.Token);
        if (dialogue.Closing > 0)
        {
            logger.LeasesLeftOpen(dialogue.Closing);
        }
    }

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            await RecoverAsync(cancellationToken);
            await Task.WhenAll(Enumerable.Range(0, Askers).Select(_ => AskLoopAsync(cancellationToken)).Append(UpkeepLoopAsync(cancellationToken)));
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Asked to stop.
        }
    }

    private async Task RecoverAsync(CancellationToken cancellationToken)
    {
        foreach (var (found, exchange) in dialogue.Recovery())
        {
            while (await TrySendAsync(exchange, ReportTimeout, cancellationToken) is null)
            {
                await Task.Delay(RecoveryPause, monotonic, cancellationToken);
            }

            dialogue.Recovered(found);
            logger.LeasesRecovered(found.Count);
        }
    }

    private async Task AskLoopAsync(CancellationToken cancellationToken)
    {
        while (await dialogue.Questions.WaitToReadAsync(cancellationToken))
        {
            if (dialogue.NextQuestions() is { } exchange)
            {
                await ExchangeAsync(exchange, QuestionTimeout, cancellationToken);
            }
        }
    }

    private async Task UpkeepLoopAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(UpkeepEvery, monotonic);
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            foreach (var exchange in dialogue.NextReports())
            {
                await ExchangeAsync(exchange, ReportTimeout, cancellationToken);
            }

            await CloseAllAsync(ReportTimeout, cancellationToken);
        }
    }

    private async Task CloseAllAsync(TimeSpan timeout, CancellationToken cancellationToken)
    {
        while (dialogue.NextClosing() is { } exchange && await ExchangeAsync(exchange, timeout, cancellationToken))
        {
        }
    }

    /// <returns>False when Host did not answer.</returns>
    private async Task<bool> ExchangeAsync(LeaseExchange exchange, TimeSpan timeout, CancellationToken cancellationToken)
    {
        LeaseExchangeResponse? answer = null;
        try
        {
            answer = await TrySendAsync(exchange, timeout, cancellationToken);
        }
        finally
        {
            if (answer is null)
            {
                dialogue.NotAnswered(exchange);
            }
        }

        if (answer is not null)
        {
            dialogue.Answered(exchange, answer);
        }

        return answer is not null;
    }

    private async Task<LeaseExchangeResponse?> TrySendAsync(LeaseExchange exchange, TimeSpan timeout, CancellationToken cancellationToken)
    {
        try
        {
            var answer = await client.ExchangeAsync(exchange, timeout, cancellationToken);
            SidecarMetrics.LeaseExchanges.Add(1, SidecarMetrics.Outcome("answered"));
            return answer;
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException
            || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            SidecarMetrics.LeaseExchanges.Add(1, SidecarMetrics.Outcome("failed"));
            logger.LeaseExchangeFailed(exception.Message);
            return null;
        }
    }
}
