using Metering.Contracts.Sidecar;
using Metering.EnforcementSidecar.Leases;
using Metering.EnforcementSidecar.Time;

namespace Metering.EnforcementSidecar.Shares;

/// <summary>
/// What is said to Host about one limit. One question is underway at a time, whoever waits joins it; an answer counts only if nothing was said
/// after its question.
/// </summary>
internal sealed class ShareAccount(SharedLimit limit, LocalLimit local, ShareDialogue dialogue, ProductTime time, TimeProvider monotonic)
{
    private static readonly TimeSpan UnavailableFor = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(2);

    private readonly Lock gate = new();
    private LeaseFlight? flight;
    private bool isQueued;
    private bool isClosing;
    private bool isGivenBack;
    private long underWay;
    private long target = ShareParts.Whole;
    private long renewAt = long.MinValue;
    private long unavailableUntil = long.MinValue;
    private long answeredUntil = long.MinValue;
    private TimeSpan pause = ShortestPause;

    public SharedLimit Limit => limit;

    public LocalLimit Local => local;

    /// <summary>Host said a moment ago that no more is to be had here now.</summary>
    public bool IsAnswered(long timestamp) => timestamp < Volatile.Read(ref answeredUntil);

    /// <summary>Joins or starts the question to Host; after an answer the caller tries to take again.</summary>
    public Task<AcquireOutcome> AskAsync(long units)
    {
        lock (gate)
        {
            if (isClosing || monotonic.GetTimestamp() < unavailableUntil)
            {
                return Task.FromResult(AcquireOutcome.Unavailable);
            }

            flight ??= new LeaseFlight();
            if (!flight.Sent)
            {
                flight.Need(units);
                Queue();
            }

            return flight.Done;
        }
    }

    /// <summary>Null when there is nothing to ask (any more).</summary>
    public ShareQuestion? NextQuestion()
    {
        lock (gate)
        {
            isQueued = false;

            // The answer to the one that is underway will queue this one again.
            return underWay != 0 ? null : Ask(flight);
        }
    }

    /// <summary>Somebody waits elsewhere: what is not in use beyond the target is given back at once, whatever is underway.</summary>
    public ShareQuestion Recall(long to)
    {
        lock (gate)
        {
            target = Math.Min(to, ShareParts.Whole);
            if (flight is not null)
            {
                // Whoever waits here is asked for afterwards: what is given back is not to be asked for in the same breath.
                flight.Sent = false;
            }

            return Ask(null);
        }
    }

    /// <summary>Everything that is not in use is given back, and nothing is taken any more.</summary>
    public void Close()
    {
        lock (gate)
        {
            isClosing = true;
            target = 0;
            Queue();
        }
    }

    /// <summary>Renews what is used and gives back what is not.</summary>
    /// <returns>False when nothing is held here any more.</returns>
    public bool Keep(long timestamp)
    {
        lock (gate)
        {
            if (isGivenBack && flight is null && underWay == 0)
            {
                return false;
            }

            if (timestamp >= Math.Max(renewAt, unavailableUntil))
            {
                Queue();
            }

            return true;
        }
    }

    public void Apply(ShareQuestion question, ShareAnswer answer)
    {
        lock (gate)
        {
            if (question.Request.Sequence != underWay)
            {
                return;
            }

            underWay = 0;
            var now = monotonic.GetTimestamp();
            if (!answer.Applied)
            {
                // Something that was said before has come after something that was said later: said again it is the latest.
                Queue();
                return;
            }

            var lifetime = TimeSpan.FromMilliseconds(answer.TtlMilliseconds);
            local.Take(answer, question.SentAt + Ticks(lifetime - LeaseSizing.Guard(lifetime)), time.Now);
            target = answer.Target < answer.Parts ? answer.Target : ShareParts.Whole;
            isGivenBack = answer.Parts == 0 && question.Request is { Wants: 0, Needed: 0 };
            renewAt = target < ShareParts.Whole ? now : question.SentAt + Ticks(lifetime / 2);
            Remember(question.Request, answer, now);

            EndFlight(AcquireOutcome.Answered);
        }
    }

    public void NotAnswered(ShareQuestion question)
    {
        lock (gate)
        {
            if (question.Request.Sequence != underWay)
            {
                return;
            }

            underWay = 0;
            unavailableUntil = monotonic.GetTimestamp() + Ticks(UnavailableFor);
            renewAt = unavailableUntil;
            EndFlight(AcquireOutcome.Unavailable);
        }
    }

    /// <summary>
    /// Where Host gave less than was wanted, nobody asks again for a moment, for longer the longer nothing comes of it: else every request
    /// past a limit would ask.
    /// </summary>
    private void Remember(ShareRequest request, ShareAnswer answer, long now)
    {
        if (request.Needed > 0)
        {
            var isMet = ShareParts.UnitsIn(answer.Parts, request.Units) >= Math.Min(request.Units, request.Wants);
            pause = isMet || answer.Added > 0 ? ShortestPause : pause < LongestPause ? pause * 2 : LongestPause;
            Volatile.Write(ref answeredUntil, isMet ? now : now + Ticks(pause));
        }
    }

    /// <param name="waiting">Whoever waits for the answer; null when nobody does.</param>
    private ShareQuestion Ask(LeaseFlight? waiting)
    {
        if (waiting is not null)
        {
            waiting.Sent = true;
        }

        var sentAt = monotonic.GetTimestamp();
        var offer = isClosing
            ? local.Offer(0, 0, 0, time.Now, monotonic)
            : local.Offer(target, waiting?.SmallestNeed ?? 0, waiting?.TotalNeed ?? 0, time.Now, monotonic);
        underWay = dialogue.NextSequence();
        isGivenBack = false;
        return new ShareQuestion(
            this,
            new ShareRequest(
                limit, underWay, offer.Keeps, offer.FullInMicroseconds, offer.Units, offer.Needed, offer.Demand, isClosing ? 0 : offer.Wants,
                offer.RefillMicroseconds, offer.LingersMilliseconds),
            sentAt);
    }

    /// <summary>Whoever came while the question was underway has to be asked for anew.</summary>
    private void EndFlight(AcquireOutcome outcome)
    {
        if (flight is { Sent: true } ended)
        {
            flight = null;
            ended.Complete(outcome);
        }
        else if (flight is not null)
        {
            Queue();
        }
    }

    private void Queue()
    {
        if (!isQueued)
        {
            isQueued = dialogue.TryQueue(this);
        }
    }

    private long Ticks(TimeSpan span) => (long)(span.TotalSeconds * monotonic.TimestampFrequency);
}
