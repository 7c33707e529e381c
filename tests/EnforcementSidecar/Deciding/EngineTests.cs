using System.Collections.Immutable;
using FsCheck;
using FsCheck.Fluent;
using Metering.Contracts.Sidecar;
using Metering.EnforcementSidecar.Access;
using Metering.EnforcementSidecar.Deciding;
using Metering.EnforcementSidecar.Leases;
using Metering.EnforcementSidecar.Tests.Support;
using Metering.EnforcementSidecar.Time;
using Microsoft.Extensions.DependencyInjection;
using NodaTime;
using Xunit;

namespace Metering.EnforcementSidecar.Tests.Deciding;

/// <summary>The engine itself, with everything around it running.</summary>
public sealed class EngineTests
{
    private const long NanosecondsPerTick = 100;

    private static CustomerEntry Compile(TestSidecar sidecar, params ImmutableArray<FeatureAccess> features)
    {
        var compiler = new CustomerCompiler(sidecar.Services.GetRequiredService<LeaseBroker>());
        return compiler.Compile(compiler.Draft(Some.Customer("compiled", features)), null);
    }

    [Fact]
    public async Task A_decision_from_memory_allocates_nothing()
    {
        await using var host = await FakeHost.StartAsync();
        var entitlement = Some.Id();
        host.AddPool(entitlement, 1_000_000_000);
        var quota = Some.Feature("summarize", Some.Hard(entitlement, 1_000_000_000), new RateLimitTerms(1_000_000_000, 1, 1_000_000_000));
        host.Put(Some.Customer("free", quota with
        {
            Concurrency = new ConcurrencyTerms(100, 600), BodySize = new SizeTerms(1_000, false), PromptSize = new SizeTerms(1_000, true),
        }));
        await using var sidecar = await TestSidecar.StartAsync(host);
        var engine = sidecar.Services.GetRequiredService<DecisionEngine>();
        var now = sidecar.Services.GetRequiredService<ProductTime>().Now;

        Assert.Equal(200, (int)(await sidecar.CheckAsync("free", "summarize", ("X-Original-Content-Length", "1"))).StatusCode);
        await LeaseAsync(sidecar, entitlement, 1_000_000);
        var size = new RequestSize(10, 10);
        var allowed = Run(2_000);
        var best = long.MaxValue;
        for (var round = 0; round < 20; round++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            allowed += Run(1_000);
            best = Math.Min(best, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        // The kernel is asked for chance once in 160 ids into a buffer that stays; asking Host for more units happens between rounds at most.
        Assert.Equal((22_000, 0L), (allowed, best));

        int Run(int count)
        {
            var admitted = 0;
            for (var i = 0; i < count; i++)
            {
                if (engine.TryIdentify("free", "summarize", 1, size, now, out _, out var identity, out var gate)
                    && engine.TryDecide(identity.Customer!, gate, 1, now, out var decision) && decision.IsAllowed)
                {
                    admitted += gate.Slots!.Release(decision.ReservationId) ? 1 : 0;
                }
            }

            return admitted;
        }
    }

    [Fact]
    public async Task A_denial_allocates_nothing_either()
    {
        await using var host = await FakeHost.StartAsync();
        var taken = Some.Feature("taken") with { Concurrency = new ConcurrencyTerms(1, 600) };
        var small = Some.Feature("small") with { BodySize = new SizeTerms(1, false) };
        host.Put(Some.Customer("free", taken, Some.Feature("fast", null, new RateLimitTerms(1, 60, 1)), small));
        await using var sidecar = await TestSidecar.StartAsync(host);
        var engine = sidecar.Services.GetRequiredService<DecisionEngine>();
        var now = sidecar.Services.GetRequiredService<ProductTime>().Now;
        string[] keys = ["taken", "fast", "small", "other"];
        Run(2_000);
        var best = long.MaxValue;
        for (var round = 0; round < 10; round++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            Run(1_000);
            best = Math.Min(best, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.Equal(0, best);

        void Run(int count)
        {
            for (var i = 0; i < count; i++)
            {
                if (engine.TryIdentify("free", keys[i & 3], 1, new RequestSize(9, null), now, out _, out var identity, out var gate))
                {
                    engine.TryDecide(identity.Customer!, gate, 1, now, out _);
                }
            }
        }
    }

    [Fact]
    public async Task A_denied_request_leaves_every_counter_as_it_was()
    {
        await using var host = await FakeHost.StartAsync();
        await using var sidecar = await TestSidecar.StartAsync(host);
        Prop.ForAll<int[]>(steps => RunAsync(host, sidecar, steps).GetAwaiter().GetResult())
            .Check(Config.QuickThrowOnFailure.WithMaxTest(200).WithEndSize(60));
    }

    private static async Task RunAsync(FakeHost host, TestSidecar sidecar, int[] steps)
    {
        var (engine, time) = (sidecar.Services.GetRequiredService<DecisionEngine>(), sidecar.Services.GetRequiredService<ProductTime>());
        var ids = (string[])[Some.Id(), Some.Id()];
        host.AddPool(ids[0], 20);
        host.AddPool(ids[1], 9);
        var customer = Compile(
            sidecar,
            Some.Feature("one", Some.Hard(ids[0], 20), new RateLimitTerms(100, 60, 12), new RateLimitTerms(1_000, 3_600, 15)) with
            {
                Concurrency = new ConcurrencyTerms(4, 3_600),
            },
            Some.Feature("two", Some.Hard(ids[1], 9), new RateLimitTerms(100, 60, 30)));
        var used = ids.ToDictionary(id => id, _ => 0L);
        var inFlight = new Queue<(FeatureGate Gate, UInt128 Id)>();
        foreach (var step in steps.Select(step => unchecked((uint)step)))
        {
            if (step % 5 == 0 && inFlight.TryDequeue(out var over))
            {
                over.Gate.Slots?.Release(over.Id);
                continue;
            }

            var questions = Enumerable.Range(0, 1 + (int)(step / 5 % 3))
                .Select(i => new Question(customer.Features[(int)((step >> i) & 1)], 1 + (step / 15 % 7))).ToList();
            var before = Fingerprint(customer, time.Now);
            var decisions = questions.Count == 1
                ? [await engine.DecideAsync(customer, questions[0].Feature, questions[0].Units, CancellationToken.None)]
                : (await engine.DecideTogetherAsync(customer, questions, CancellationToken.None)).Allowed;
            foreach (var decision in decisions.Where(one => one.IsAllowed))
            {
                inFlight.Enqueue((decision.Feature!, decision.ReservationId));
                used[decision.Feature!.Quota!.EntitlementId] += decision.Units;
            }

            if (!decisions.Any(one => one.IsAllowed))
            {
                Assert.Equal(before, Fingerprint(customer, time.Now));
            }
        }

        // What is left of a quota is an estimate while leases come and go, so it is told by using it up: what was denied has burnt none of it.
        foreach (var (id, limit) in ids.Zip([20L, 9L]))
        {
            var gate = Compile(sidecar, Some.Feature("rest", Some.Hard(id, limit))).Features[0];
            while ((await engine.DecideAsync(customer, gate, 1, CancellationToken.None)).IsAllowed)
            {
                used[id]++;
            }

            Assert.Equal((id, limit), (id, used[id]));
        }
    }

    /// <summary>What is left of everything that is counted here.</summary>
    private static string Fingerprint(CustomerEntry customer, Instant now) => string.Join(" | ", customer.Features.Select(feature =>
    {
        var rates = feature.Limiters.Select(limiter => limiter.Peek(now.ToUnixTimeTicks() * NanosecondsPerTick, 1).Remaining);
        return $"{feature.Slots?.CountAt(0)} {string.Join(',', rates)}";
    }));

    /// <summary>Leaves a lease with so many units in memory.</summary>
    private static async Task LeaseAsync(TestSidecar sidecar, string entitlementId, long units)
    {
        var account = sidecar.Services.GetRequiredService<LeaseBroker>().AccountOf(entitlementId);
        Assert.Equal(AcquireOutcome.Answered, await account.AcquireAsync(units, Some.Hard(entitlementId, 1_000_000_000)));
    }
}
