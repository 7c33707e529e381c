using Metering.Contracts.Sidecar;
using Metering.EnforcementSidecar.Leases;

namespace Metering.EnforcementSidecar.Shares;

/// <summary>
/// Talks to Host about shares: questions are sent as they come, upkeep runs twice a second. What is said is <see cref="ShareDialogue"/>'s.
/// </summary>
internal sealed class ShareBroker(ShareDialogue dialogue, ShareClient client, TimeProvider monotonic, ILogger<ShareBroker> logger) : IHostedService
{
    private const int Askers = 2;
    private static readonly TimeSpan ClosingTime = TimeSpan.FromSeconds(2);

    private readonly CancellationTokenSource stopping = new();
    private Task loops = Task.CompletedTask;

    /// <summary>Gives back at once what Host asks for: somebody waits for it. What can not be said now is said by the next upkeep.</summary>
    public Task AnswerAsync(ShareRecall recall, CancellationToken cancellationToken) => ExchangeAsync(dialogue.AnswerTo(recall), cancellationToken);

    public Task StartAsync(CancellationToken cancellationToken)
    {
        loops = RunAsync(stopping.Token);
        return Task.CompletedTask;
    }

    /// <summary>Gives back what is not in use, as far as Host can be reached; the rest runs out.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await stopping.CancelAsync();
        await loops;
        dialogue.CloseAll();
        using var bounded = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        bounded.CancelAfter(ClosingTime);
        while (dialogue.NextQuestions() is { } exchange && await ExchangeAsync(exchange, bounded.Token))
        {
        }
    }

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            await Task.WhenAll(Enumerable.Range(0, Askers).Select(_ => AskLoopAsync(cancellationToken)).Append(UpkeepLoopAsync(cancellationToken)));
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Asked to stop.
        }
    }

    private async Task AskLoopAsync(CancellationToken cancellationToken)
    {
        while (await dialogue.Questions.WaitToReadAsync(cancellationToken))
        {
            if (dialogue.NextQuestions() is { } exchange)
            {
                await ExchangeAsync(exchange, cancellationToken);
            }
        }
    }

    private async Task UpkeepLoopAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(LeaseBroker.UpkeepEvery, monotonic);
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            dialogue.Keep();
        }
    }

    /// <returns>False when Host did not answer.</returns>
    private async Task<bool> ExchangeAsync(ShareExchange exchange, CancellationToken cancellationToken)
    {
        ShareExchangeResponse? answer = null;
        try
        {
            answer = await client.ExchangeAsync(exchange, LeaseBroker.QuestionTimeout, cancellationToken);
            dialogue.Answered(exchange, answer);
            SidecarMetrics.ShareExchanges.Add(1, SidecarMetrics.Outcome("answered"));
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or OperationCanceledException)
        {
            SidecarMetrics.ShareExchanges.Add(1, SidecarMetrics.Outcome("failed"));
            if (!cancellationToken.IsCancellationRequested)
            {
                logger.ShareExchangeFailed(exception.Message);
            }
        }
        finally
        {
            if (answer is null)
            {
                dialogue.NotAnswered(exchange);
            }
        }

        return answer is not null;
    }
}
