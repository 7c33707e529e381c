using Metering.Platform.Security;

namespace Metering.Ingest.Quotas;

/// <summary>
/// What one key may still send. A request is admitted while anything is left, and may take more than that: a batch larger than the burst is
/// not refused for ever, and the next request waits until it is paid for. On average no more than the quota passes.
/// </summary>
/// <param name="paidUpAt">When all that was admitted has been paid for, in ticks; for carrying on when a quota changes.</param>
internal sealed class EventAllowance(IngestQuota quota, long paidUpAt)
{
    private const long TicksPerMinute = TimeSpan.TicksPerMinute;

    private readonly Lock gate = new();
    private long paidUpAt = paidUpAt;

    public IngestQuota Quota => quota;

    public long PaidUpAt
    {
        get
        {
            lock (gate)
            {
                return paidUpAt;
            }
        }
    }

    /// <param name="now">Ticks of a clock that never goes back.</param>
    /// <returns>What is left afterwards.</returns>
    public AllowanceState Take(long events, long now)
    {
        lock (gate)
        {
            var before = StateAt(now);
            if (!before.Admits)
            {
                return before;
            }

            paidUpAt = Math.Max(paidUpAt, now) + CostOf(events);
            return StateAt(now) with { Admits = true };
        }
    }

    /// <summary>What is left, without taking anything.</summary>
    public AllowanceState Look(long now)
    {
        lock (gate)
        {
            return StateAt(now);
        }
    }

    /// <summary>For what was taken and then not accepted after all.</summary>
    public void GiveBack(long events)
    {
        lock (gate)
        {
            paidUpAt -= CostOf(events);
        }
    }

    private AllowanceState StateAt(long now)
    {
        var debt = Math.Max(0, paidUpAt - now);
        var room = CostOf(quota.Burst ?? quota.EventsPerMinute) - debt;
        var one = CostOf(1);
        var left = room < one ? 0 : (long)((Int128)room * quota.EventsPerMinute / TicksPerMinute);
        return new AllowanceState(left > 0, left, TimeSpan.FromTicks(Math.Max(0, one - room)), TimeSpan.FromTicks(debt));
    }

    /// <summary>How long events take to be paid for, rounded up: rounding never admits more.</summary>
    private long CostOf(long events) => (long)((((Int128)events * TicksPerMinute) + quota.EventsPerMinute - 1) / quota.EventsPerMinute);
}

/// <param name="Left">Events that would be admitted at once.</param>
/// <param name="RetryAfter">Until one event is admitted; zero when one is now.</param>
/// <param name="FullIn">Until the whole burst is there again.</param>
internal readonly record struct AllowanceState(bool Admits, long Left, TimeSpan RetryAfter, TimeSpan FullIn);
