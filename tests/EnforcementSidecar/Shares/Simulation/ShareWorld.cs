using System.Collections.Immutable;
using Metering.Contracts.Sidecar;
using Metering.EnforcementSidecar.Leases;
using Metering.EnforcementSidecar.Shares;
using Metering.EnforcementSidecar.Tests.Leases.Simulation;
using Metering.Testing;
using NodaTime;
using Xunit;

namespace Metering.EnforcementSidecar.Tests.Shares.Simulation;

/// <summary>
/// Sidecars that divide a rate and a limit of requests in flight, Host and the network between them, on one virtual clock. Whatever is let
/// through is measured against the whole limit at the moment when it happens.
/// </summary>
internal sealed partial class ShareWorld
{
    public static readonly Instant Epoch = Instant.FromUtc(2026, 1, 15, 9, 0);
    private const int Askers = 2;
    private const long RecallLimit = 50 * Weather.Millisecond;

    private readonly List<SimulatedGuard> guards = [];
    private readonly Dictionary<long, (HashSet<string> Holders, Action Done)> recalling = [];
    private readonly SplitMix random;
    private readonly SimulatedNetwork network;
    private int named;
    private long recalled;

    public ShareWorld(SplitMix random, Weather weather, int sidecars, int ttlMilliseconds, RateLimitTerms rate, ConcurrencyTerms concurrency)
    {
        (this.random, Rate, Concurrency, TtlMilliseconds) = (random, rate, concurrency, ttlMilliseconds);
        network = new SimulatedNetwork(Clock, random, weather);
        Host = new MemoryShares(ttlMilliseconds);
        for (var i = 0; i < sidecars; i++)
        {
            Join(i);
        }
    }

    public VirtualClock Clock { get; } = new() { Now = Weather.Second };

    public MemoryShares Host { get; }

    public RateLimitTerms Rate { get; }

    public ConcurrencyTerms Concurrency { get; }

    public int TtlMilliseconds { get; }

    public IReadOnlyList<SimulatedGuard> Guards => guards;

    public void RunFor(long microseconds) => network.RunUntil(Clock.Now + microseconds, Verify);

    /// <summary>The network is fair from now on, and what was let in has ended.</summary>
    public void Calm()
    {
        network.Weather = Weather.Fair;
        guards.ForEach(guard => guard.PausedUntil = Math.Min(guard.PausedUntil, Clock.Now));
        RunFor((2 * TtlMilliseconds * Weather.Millisecond) + ((20L + Concurrency.MaxSeconds + FillSeconds) * Weather.Second));
    }

    public void Crash(SimulatedGuard guard)
    {
        guard.Restart();
        Begin(guard);
    }

    /// <summary>Stopped in order: what is not in use goes back; and started again.</summary>
    public void Stop(SimulatedGuard guard) => In(guard, guard.Start, () =>
    {
        guard.Dialogue.CloseAll();
        while (guard.Dialogue.NextQuestions() is { } exchange)
        {
            var request = RequestOf(guard, exchange);
            network.Send(() => Serve(request, static _ => { }));
        }

        Crash(guard);
    });

    /// <summary>The machine is gone; another takes its place under another name.</summary>
    public void Ruin(SimulatedGuard guard)
    {
        guard.IsGone = true;
        var place = guards.IndexOf(guard);
        guards.RemoveAt(place);
        Join(place);
    }

    public void Pause(SimulatedGuard guard, long microseconds) => guard.PausedUntil = Clock.Now + microseconds;

    private long FillSeconds => 1 + (Rate.WindowSeconds * Rate.Burst / Rate.Limit);

    private void Join(int place)
    {
        var skew = (random.Below(7_200) - 3_600) * Weather.Second;
        var guard = new SimulatedGuard($"sidecar-{named++}", Clock, skew, Rate, Concurrency);
        guards.Insert(place, guard);
        Crash(guard);
    }

    private void Begin(SimulatedGuard guard)
    {
        var start = guard.Start;
        network.After(1 + random.Below(500_000), () => In(guard, start, () => KeepUp(guard)));
    }

    private void KeepUp(SimulatedGuard guard)
    {
        var start = guard.Start;
        network.After((long)LeaseBroker.UpkeepEvery.TotalMicroseconds, () => In(guard, start, () => KeepUp(guard)));
        guard.Dialogue.Keep();
    }

    private void Pump(SimulatedGuard guard)
    {
        while (guard.UnderWay < Askers && guard.Dialogue.NextQuestions() is { } exchange)
        {
            guard.UnderWay++;
            Send(guard, exchange, () => guard.UnderWay--);
        }
    }

    private static ShareExchangeRequest RequestOf(SimulatedGuard guard, ShareExchange exchange) => new(
        guard.Name, guard.Start, [.. exchange.Questions.Select(question => question.Request)], exchange.AnsweredRecall);

    /// <summary>One call over HTTP: the answer counts if it comes before patience ends; what happens at Host happens all the same.</summary>
    private void Send(SimulatedGuard guard, ShareExchange exchange, Action done)
    {
        var (start, open, request) = (guard.Start, true, RequestOf(guard, exchange));
        void Close(Action how)
        {
            if (open)
            {
                open = false;
                how();
                done();
            }
        }

        network.Send(() => Serve(request, answers => network.Send(() => In(
            guard, start, () => Close(() => guard.Dialogue.Answered(exchange, new ShareExchangeResponse(answers)))))));
        network.After(
            (long)LeaseBroker.QuestionTimeout.TotalMicroseconds,
            () => In(guard, start, () => Close(() => guard.Dialogue.NotAnswered(exchange))));
    }

    /// <summary>As Host's endpoint: before somebody who waits has less than is due, those who have more are asked for it.</summary>
    private void Serve(ShareExchangeRequest request, Action<ImmutableArray<ShareAnswer>> answer)
    {
        var (answers, over) = Host.Exchange(request, Epoch + Duration.FromTicks(Clock.Now * 10), Clock.Now);
        if (request.AnsweredRecall is { } answered && recalling.TryGetValue(answered, out var waiting)
            && waiting.Holders.Remove(request.SidecarId) && waiting.Holders.Count == 0)
        {
            EndRecall(answered);
        }

        var holders = guards.Where(guard => over.Exists(one => one.SidecarId == guard.Name)).ToList();
        if (holders.Count == 0)
        {
            answer(answers);
            return;
        }

        var number = ++recalled;
        recalling.Add(number, (holders.Select(holder => holder.Name).ToHashSet(StringComparer.Ordinal), () =>
        {
            var kept = request.Shares.Zip(answers, (share, first) => share with { Keeps = first.Parts });
            var later = Host.Exchange(request with { Shares = [.. kept] }, Epoch + Duration.FromTicks(Clock.Now * 10), Clock.Now, again: true);
            answer([.. answers.Zip(later.Answers, Merged)]);
        }));
        foreach (var holder in holders)
        {
            var start = holder.Start;
            var recall = new ShareRecall(number, [.. over.Where(one => one.SidecarId == holder.Name).Select(one => one.Share)]);
            network.Send(() => In(holder, start, () => Send(holder, holder.Dialogue.AnswerTo(recall), static () => { })));
        }

        network.After(RecallLimit, () => EndRecall(number));
    }

    private static ShareAnswer Merged(ShareAnswer first, ShareAnswer second) => !second.Applied ? first : second with
    {
        Added = first.Added + second.Added,
        AddedFullInMicroseconds = Math.Max(first.AddedFullInMicroseconds, second.AddedFullInMicroseconds),
    };

    private void EndRecall(long number)
    {
        if (recalling.Remove(number, out var waiting))
        {
            waiting.Done();
        }
    }

    /// <summary>Something happens within a process: never in a later one of the machine, and not before a pause is over.</summary>
    private void In(SimulatedGuard guard, int start, Action happens)
    {
        if (start != guard.Start || guard.IsGone)
        {
            return;
        }

        if (guard.PausedUntil > Clock.Now)
        {
            network.After(guard.PausedUntil - Clock.Now + random.Below(1_000), () => In(guard, start, happens));
            return;
        }

        guard.ReadClock();
        happens();
        if (start == guard.Start)
        {
            GoOnWaiting(guard);
            Pump(guard);
        }
    }

    private void Verify()
    {
        foreach (var (limit, held) in Host.Held)
        {
            Require(held is >= 0 and <= ShareParts.Whole, $"{limit.Name}: {held} of {ShareParts.Whole} parts are held");
        }
    }

    private static void Require(bool holds, string otherwise)
    {
        if (!holds)
        {
            Assert.Fail(otherwise);
        }
    }
}
