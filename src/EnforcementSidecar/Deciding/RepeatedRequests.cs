using System.Collections.Concurrent;

namespace Metering.EnforcementSidecar.Deciding;

/// <summary>
/// A gateway that retries, or asks twice for one request, gets the first decision again and burns nothing. Remembered for
/// 60 seconds, in two generations that take turns; past the bound the older one goes early.
/// </summary>
internal sealed class RepeatedRequests(TimeProvider monotonic)
{
    public const int MaxPerGeneration = 100_000;
    public static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(60);

    private readonly Lock gate = new();
    private Generations generations = new(new(), new(), monotonic.GetTimestamp());

    /// <summary>The decision for <paramref name="request"/>: the first one made, while it is remembered.</summary>
    public async ValueTask<Decision> OnceAsync(RepeatableRequest request, Func<ValueTask<Decision>> decide)
    {
        while (true)
        {
            var now = Current();
            if (now.Older.TryGetValue(request, out var remembered) || now.Newer.TryGetValue(request, out remembered))
            {
                if (monotonic.GetElapsedTime(remembered.At) < remembered.Lifetime
                    && await remembered.Decision.Task is var first && IsWorthKeeping(first))
                {
                    return first;
                }

                now.Older.TryRemove(KeyValuePair.Create(request, remembered));
                now.Newer.TryRemove(KeyValuePair.Create(request, remembered));
            }

            var mine = new Remembered(monotonic.GetTimestamp());
            if (now.Newer.TryAdd(request, mine))
            {
                return await DecideAsync(now, request, mine, decide);
            }
        }
    }

    private static async ValueTask<Decision> DecideAsync(
        Generations now, RepeatableRequest request, Remembered mine, Func<ValueTask<Decision>> decide)
    {
        Decision decision = default;
        try
        {
            decision = await decide();
            mine.Lifetime = LifetimeOf(decision);
            return decision;
        }
        finally
        {
            // What could not be decided, or threw, is not remembered: the next try decides afresh.
            if (!IsWorthKeeping(decision))
            {
                now.Newer.TryRemove(KeyValuePair.Create(request, mine));
            }

            mine.Decision.TrySetResult(decision);
        }
    }

    private static bool IsWorthKeeping(Decision decision) => decision.IsAllowed || decision.IsLimitDenial;

    /// <summary>A denial is repeated only until the limit would admit the request.</summary>
    private static TimeSpan LifetimeOf(Decision decision)
    {
        var wait = decision.Outcome switch
        {
            DecisionOutcome.RateLimited => TimeSpan.FromTicks(Math.Min(decision.Rate.RetryAfterNanoseconds / 100, Lifetime.Ticks)),
            DecisionOutcome.QuotaExhausted when decision.Quota.Known => (decision.Quota.PeriodEnd - decision.At).ToTimeSpan(),
            _ => Lifetime,
        };
        return wait < Lifetime ? wait : Lifetime;
    }

    private Generations Current()
    {
        var now = Volatile.Read(ref generations);
        if (monotonic.GetElapsedTime(now.Since) < Lifetime && now.Newer.Count < MaxPerGeneration)
        {
            return now;
        }

        lock (gate)
        {
            return generations == now ? generations = new Generations(new(), now.Newer, monotonic.GetTimestamp()) : generations;
        }
    }

    private sealed record Generations(
        ConcurrentDictionary<RepeatableRequest, Remembered> Newer, ConcurrentDictionary<RepeatableRequest, Remembered> Older, long Since);

    private sealed class Remembered(long at)
    {
        public long At => at;

        public TimeSpan Lifetime { get; set; } = RepeatedRequests.Lifetime;

        public TaskCompletionSource<Decision> Decision { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
