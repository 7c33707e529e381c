using System.Collections.Concurrent;
using System.Threading.Channels;
using Metering.Contracts.Sidecar;
using Metering.EnforcementSidecar.Access;
using Metering.EnforcementSidecar.Time;

namespace Metering.EnforcementSidecar.Leases;

/// <summary>
/// Talks to Host about units, for all accounts: questions are batched as they come, upkeep runs twice a second. Before the
/// first question, everything that an earlier process left behind is settled.
/// </summary>
internal sealed class LeaseBroker(
    LeaseSlots slots, LeaseClient client, ProductTime time, SidecarCount sidecars, TimeProvider monotonic, ILogger<LeaseBroker> logger)
    : IHostedService
{
    private const int MaxQuestionsPerExchange = 200;
    private const int MaxReportsPerExchange = 500;
    private const int MaxWaitingQuestions = LeaseSlots.Capacity;
    private const int Askers = 2;
    private static readonly TimeSpan QuestionTimeout = TimeSpan.FromMilliseconds(900);
    private static readonly TimeSpan ReportTimeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan UpkeepEvery = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan RecoveryPause = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan ClosingTime = TimeSpan.FromSeconds(3);

    private readonly ConcurrentDictionary<string, LeaseAccount> accounts = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<LeaseAccount, bool> kept = new();
    private readonly ConcurrentQueue<Lease> closing = new();
    private readonly Channel<LeaseAccount> questions = Channel.CreateBounded<LeaseAccount>(MaxWaitingQuestions);
    private readonly CancellationTokenSource stopping = new();
    private Task loops = Task.CompletedTask;

    public LeaseAccount AccountOf(string entitlementId) =>
        accounts.GetOrAdd(entitlementId, static (id, self) => new LeaseAccount(id, self, self.ProductTime, self.Monotonic), this);

    /// <summary>Null when nothing was ever spent from the entitlement here.</summary>
    public LeaseAccount? Find(string entitlementId) => accounts.GetValueOrDefault(entitlementId);

    private ProductTime ProductTime => time;

    private TimeProvider Monotonic => monotonic;

    public void Ask(LeaseAccount account)
    {
        kept.TryAdd(account, true);

        // One question per account at most: the channel holds as many as there are slots for their answers.
        questions.Writer.TryWrite(account);
    }

    public void CloseLater(Lease lease) => closing.Enqueue(lease);

    /// <summary>Host granted nothing: there is no lease to give back.</summary>
    public void Release(Lease lease)
    {
        lease.Seal();
        slots.Free(lease.Slot);
    }

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
        foreach (var account in kept.Keys)
        {
            account.Retire();
        }

        using var bounded = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        bounded.CancelAfter(ClosingTime);
        while (!closing.IsEmpty && await CloseAsync([], bounded.Token))
        {
        }

        if (!closing.IsEmpty)
        {
            logger.LeasesLeftOpen(closing.Count);
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
        foreach (var batch in slots.Found.Chunk(MaxReportsPerExchange))
        {
            var reports = batch.Select(found => new LeaseReport(found.LeaseId, found.Spent, Close: true)).ToList();
            while (await TryExchangeAsync(reports, [], ReportTimeout, cancellationToken) is null)
            {
                await Task.Delay(RecoveryPause, monotonic, cancellationToken);
            }

            foreach (var found in batch)
            {
                slots.Free(found.Slot);
            }

            logger.LeasesRecovered(batch.Length);
        }
    }

    private async Task AskLoopAsync(CancellationToken cancellationToken)
    {
        var asked = new List<LeaseQuestion>();
        while (await questions.Reader.WaitToReadAsync(cancellationToken))
        {
            asked.Clear();
            while (asked.Count < MaxQuestionsPerExchange && questions.Reader.TryRead(out var account))
            {
                if (account.NextQuestion(slots, sidecars.Active) is { } question)
                {
                    asked.Add(question);
                }
            }

            if (asked.Count > 0)
            {
                await AskAsync(asked, cancellationToken);
            }
        }
    }

    private async Task AskAsync(List<LeaseQuestion> asked, CancellationToken cancellationToken)
    {
        // Closed leases go along: Host applies reports first, so that units given back can be granted again at once.
        var closed = TakeClosing();
        var progress = asked.SelectMany(question => question.Progress).Take(MaxReportsPerExchange);
        var requests = asked.ConvertAll(question => question.Request);
        LeaseExchangeResponse? answer = null;
        try
        {
            answer = await TryExchangeAsync([.. closed.ConvertAll(ReportOf), .. progress], requests, QuestionTimeout, cancellationToken);
        }
        finally
        {
            if (answer is null)
            {
                closed.ForEach(CloseLater);
                asked.ForEach(question => question.Account.NotAnswered(question));
            }
        }

        if (answer is null)
        {
            return;
        }

        Closed(closed, answer);
        for (var i = 0; i < asked.Count; i++)
        {
            if (asked[i].Account.Apply(asked[i], answer.Leases[i]))
            {
                Ask(asked[i].Account);
            }
        }
    }

    private async Task UpkeepLoopAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(UpkeepEvery, monotonic);
        var reports = new List<LeaseReport>();
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            reports.Clear();
            foreach (var account in kept.Keys)
            {
                if (!account.Keep(time.Now, monotonic.GetTimestamp(), reports))
                {
                    kept.TryRemove(account, out _);
                    if (account.Holds)
                    {
                        // It asked again in between.
                        kept.TryAdd(account, true);
                    }
                }
            }

            foreach (var batch in reports.Chunk(MaxReportsPerExchange))
            {
                await CloseAsync(batch, cancellationToken);
            }

            while (!closing.IsEmpty && await CloseAsync([], cancellationToken))
            {
            }
        }
    }

    /// <returns>False when Host did not answer.</returns>
    private async Task<bool> CloseAsync(IReadOnlyList<LeaseReport> progress, CancellationToken cancellationToken)
    {
        var closed = TakeClosing();
        LeaseExchangeResponse? answer = null;
        try
        {
            answer = await TryExchangeAsync([.. closed.ConvertAll(ReportOf), .. progress], [], ReportTimeout, cancellationToken);
        }
        finally
        {
            if (answer is null)
            {
                closed.ForEach(CloseLater);
            }
        }

        if (answer is not null)
        {
            Closed(closed, answer);
        }

        return answer is not null;
    }

    private List<Lease> TakeClosing()
    {
        var taken = new List<Lease>();
        while (taken.Count < MaxReportsPerExchange && closing.TryDequeue(out var lease))
        {
            taken.Add(lease);
        }

        return taken;
    }

    private void Closed(List<Lease> closed, LeaseExchangeResponse answer)
    {
        for (var i = 0; i < closed.Count; i++)
        {
            if (answer.Reports[i].Outcome == ReportOutcome.OutOfRange)
            {
                logger.LeaseReportOutOfRange(closed[i].Id);
            }

            slots.Free(closed[i].Slot);
        }
    }

    private async Task<LeaseExchangeResponse?> TryExchangeAsync(
        IReadOnlyList<LeaseReport> reports, IReadOnlyList<LeaseRequest> requests, TimeSpan timeout, CancellationToken cancellationToken)
    {
        try
        {
            var answer = await client.ExchangeAsync(reports, requests, timeout, cancellationToken);
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

    private static LeaseReport ReportOf(Lease lease) => new(lease.Id, lease.Seal(), Close: true);
}
