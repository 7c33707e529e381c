using System.Collections.Concurrent;
using System.Threading.Channels;
using Metering.Contracts.Sidecar;
using Metering.EnforcementSidecar.Access;
using Metering.EnforcementSidecar.Time;

namespace Metering.EnforcementSidecar.Leases;

/// <summary>
/// What is to be said to Host about units, for all accounts, and what follows from its answers. It sends nothing and waits for nothing, so
/// that the whole protocol can be run on a virtual clock; <see cref="LeaseBroker"/> speaks for it.
/// </summary>
internal sealed class LeaseDialogue(LeaseSlots slots, ProductTime time, SidecarCount sidecars, TimeProvider monotonic, ILogger logger)
{
    private const int MaxQuestionsPerExchange = 200;
    private const int MaxReportsPerExchange = 500;
    private const int MaxWaitingQuestions = LeaseSlots.DefaultCapacity;

    private readonly ConcurrentDictionary<string, LeaseAccount> accounts = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<LeaseAccount, bool> kept = new();
    private readonly ConcurrentQueue<Lease> closing = new();
    private readonly ConcurrentDictionary<Lease, bool> closingUnderWay = new();
    private readonly Channel<LeaseAccount> questions = Channel.CreateBounded<LeaseAccount>(MaxWaitingQuestions);

    /// <summary>For waiting until an account asks.</summary>
    public ChannelReader<LeaseAccount> Questions => questions.Reader;

    public int Closing => closing.Count;

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

    /// <summary>What an earlier process left behind, in calls that each have to be answered before anything is asked.</summary>
    public IEnumerable<(IReadOnlyList<FoundLease> Found, LeaseExchange Exchange)> Recovery() =>
        slots.Found.Chunk(MaxReportsPerExchange).Select(batch => (
            (IReadOnlyList<FoundLease>)batch,
            new LeaseExchange([.. batch.Select(found => new LeaseReport(found.LeaseId, found.Spent, Close: true))], [], [], [])));

    public void Recovered(IReadOnlyList<FoundLease> batch)
    {
        foreach (var found in batch)
        {
            slots.Free(found.Slot);
        }
    }

    /// <summary>Null when nobody asks (any more).</summary>
    public LeaseExchange? NextQuestions()
    {
        var asked = new List<LeaseQuestion>();
        while (asked.Count < MaxQuestionsPerExchange && questions.Reader.TryRead(out var account))
        {
            if (account.NextQuestion(slots, sidecars.Active) is { } question)
            {
                asked.Add(question);
            }
        }

        // Closed leases go along: Host applies reports first, so that units given back can be granted again at once.
        return asked.Count == 0 ? null : Put(asked, asked.SelectMany(question => question.Progress).Take(MaxReportsPerExchange));
    }

    /// <summary>What the upkeep of every account has to report, in calls that need no answer to be right.</summary>
    public IEnumerable<LeaseExchange> NextReports()
    {
        var progress = new List<LeaseReport>();
        foreach (var account in kept.Keys)
        {
            if (!account.Keep(time.Now, monotonic.GetTimestamp(), progress))
            {
                kept.TryRemove(account, out _);
                if (account.Holds)
                {
                    // It asked again in between.
                    kept.TryAdd(account, true);
                }
            }
        }

        return progress.Chunk(MaxReportsPerExchange).Select(batch => Put([], batch));
    }

    /// <summary>Null when every lease that is over has been given back.</summary>
    public LeaseExchange? NextClosing() => closing.IsEmpty ? null : Put([], []);

    public void Answered(LeaseExchange exchange, LeaseExchangeResponse answer)
    {
        for (var i = 0; i < exchange.Closed.Count; i++)
        {
            if (answer.Reports[i].Outcome == ReportOutcome.OutOfRange)
            {
                logger.LeaseReportOutOfRange(exchange.Closed[i].Id);
            }

            closingUnderWay.TryRemove(exchange.Closed[i], out _);
            slots.Free(exchange.Closed[i].Slot);
        }

        for (var i = 0; i < exchange.Asked.Count; i++)
        {
            if (exchange.Asked[i].Account.Apply(exchange.Asked[i], answer.Leases[i]))
            {
                Ask(exchange.Asked[i].Account);
            }
        }
    }

    public void NotAnswered(LeaseExchange exchange)
    {
        foreach (var lease in exchange.Closed)
        {
            closingUnderWay.TryRemove(lease, out _);
            CloseLater(lease);
        }

        foreach (var question in exchange.Asked)
        {
            question.Account.NotAnswered(question);
        }
    }

    /// <summary>Host asks for what is left of some entitlements.</summary>
    public LeaseExchange AnswerTo(Recall recall)
    {
        foreach (var entitlementId in recall.EntitlementIds)
        {
            Find(entitlementId)?.GiveBack();
        }

        return Put([], []) with { AnsweredRecall = recall.Sequence };
    }

    /// <summary>Gives back what is left of everything.</summary>
    public void RetireAll()
    {
        foreach (var account in kept.Keys)
        {
            account.Retire();
        }
    }

    private LeaseExchange Put(List<LeaseQuestion> asked, IEnumerable<LeaseReport> progress)
    {
        // Said again, because this call may overtake the one that says it first: units that are on their way back are not to be missed here.
        var repeated = closingUnderWay.Keys.Take(MaxReportsPerExchange - 1).Select(ReportOf).ToList();
        var closed = new List<Lease>();
        while (closed.Count < MaxReportsPerExchange - repeated.Count && closing.TryDequeue(out var lease))
        {
            closingUnderWay.TryAdd(lease, true);
            closed.Add(lease);
        }

        return new LeaseExchange(
            [.. closed.Select(ReportOf), .. repeated, .. progress], asked.ConvertAll(question => question.Request), closed, asked);
    }

    private static LeaseReport ReportOf(Lease lease) => new(lease.Id, lease.Seal(), Close: true);
}
