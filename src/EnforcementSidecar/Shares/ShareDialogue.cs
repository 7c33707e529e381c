using System.Collections.Concurrent;
using System.Threading.Channels;
using Metering.Contracts.Sidecar;
using Metering.EnforcementSidecar.Time;

namespace Metering.EnforcementSidecar.Shares;

/// <summary>
/// What is to be said to Host about shares, for all limits in use, and what follows from its answers. It sends nothing and waits for nothing,
/// so that the whole protocol can be run on a virtual clock; <see cref="ShareBroker"/> speaks for it.
/// </summary>
internal sealed class ShareDialogue(ProductTime time, TimeProvider monotonic)
{
    public const int MaxQuestionsPerExchange = 500;
    private const int MaxWaiting = 1 << 18;

    private readonly ConcurrentDictionary<SharedLimit, ShareAccount> kept = new();
    private readonly Channel<ShareAccount> questions = Channel.CreateBounded<ShareAccount>(MaxWaiting);
    private long sequence;

    /// <summary>For waiting until somebody asks.</summary>
    public ChannelReader<ShareAccount> Questions => questions.Reader;

    /// <summary>Limits of which something may be held here.</summary>
    public int Kept => kept.Count;

    /// <summary>
    /// Null while what counted the same limit before still has its share: it gives that back first. So it is when a plan took a limit away and
    /// gives it again.
    /// </summary>
    public ShareAccount? AccountOf(string customerId, string featureKey, LocalLimit local)
    {
        if (local.Account is { } known && kept.TryGetValue(known.Limit, out var current) && current == known)
        {
            return known;
        }

        var limit = local.Account?.Limit ?? new SharedLimit(customerId, featureKey, local.Name);
        var account = kept.GetOrAdd(
            limit, static (key, self) => self.Local.Account ?? new ShareAccount(key, self.Local, self.This, self.Time, self.Clock),
            (Local: local, This: this, Time: time, Clock: monotonic));
        if (account.Local != local)
        {
            account.Close();
            return null;
        }

        local.Account = account;
        return account;
    }

    public long NextSequence() => Interlocked.Increment(ref sequence);

    /// <returns>False when more wait than can be remembered; upkeep tries again.</returns>
    public bool TryQueue(ShareAccount account) => questions.Writer.TryWrite(account);

    /// <summary>Null when nobody asks (any more).</summary>
    public ShareExchange? NextQuestions()
    {
        var asked = new List<ShareQuestion>();
        while (asked.Count < MaxQuestionsPerExchange && questions.Reader.TryRead(out var account))
        {
            if (account.NextQuestion() is { } question)
            {
                asked.Add(question);
            }
        }

        return asked.Count == 0 ? null : new ShareExchange(asked);
    }

    /// <summary>Queues what is to be renewed or given back, and forgets what has been.</summary>
    public void Keep()
    {
        var now = monotonic.GetTimestamp();
        foreach (var (limit, account) in kept)
        {
            if (!account.Keep(now))
            {
                kept.TryRemove(KeyValuePair.Create(limit, account));
            }
        }
    }

    public ShareExchange AnswerTo(ShareRecall recall)
    {
        var asked = new List<ShareQuestion>();
        foreach (var share in recall.Shares)
        {
            if (kept.TryGetValue(share.Limit, out var account))
            {
                asked.Add(account.Recall(share.Target));
            }
        }

        return new ShareExchange(asked, recall.Sequence);
    }

    public void Answered(ShareExchange exchange, ShareExchangeResponse answer)
    {
        foreach (var (question, share) in exchange.Questions.Zip(answer.Shares))
        {
            question.Account.Apply(question, share);
        }
    }

    public void NotAnswered(ShareExchange exchange)
    {
        foreach (var question in exchange.Questions)
        {
            question.Account.NotAnswered(question);
        }
    }

    /// <summary>Gives back what is not in use.</summary>
    public void CloseAll()
    {
        foreach (var account in kept.Values)
        {
            account.Close();
        }
    }
}
