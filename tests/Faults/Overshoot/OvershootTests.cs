using System.Collections.Immutable;
using System.Diagnostics;
using System.Net;
using Metering.Faults.Driver;
using Xunit;

namespace Metering.Faults.Overshoot;

/// <summary>
/// A thousand callers reserve from eight sidecars at the same time, far more than there is, while sidecars are killed, stopped for longer than
/// their leases last and cut off from Host in three ways, and PostgreSQL is killed. At no moment was more admitted than the cap, and in the
/// end the account is closed to the unit. CI runs a few seeds; others on demand: METERING_OVERSHOOT_SEEDS=1-20 or 7,9
/// ./metering test Faults Overshoot. A seed is the whole plan of what is asked and what breaks when.
/// </summary>
[Collection(FaultCollection.Name)]
public sealed class OvershootTests(OvershootTests.HurriedStack shared, ITestOutputHelper output) : IClassFixture<OvershootTests.HurriedStack>
{
    private const int SeedsInCi = 4;
    private const int Customers = 12;
    private const int Callers = 1_000;
    private const int EnoughDenials = 200;

    // The first customer is Zipf's favourite; each cap is in proportion to what its customer is asked for, so that all run out while things break.
    private const int FavouritesCap = 1_500;

    // A request may be stopped between spending and being answered: at most one on each thread that decides.
    private const int MaxBurntByOnePause = 64 * ReserveLoad.MaxUnits;
    // Short, so that a pause or a partition can outlast it.
    private static readonly TimeSpan LeaseLifetime = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan TroubleSpan = TimeSpan.FromSeconds(7);
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(100);

    public static IEnumerable<TheoryDataRow<int>> Seeds() =>
        (Environment.GetEnvironmentVariable("METERING_OVERSHOOT_SEEDS") is { Length: > 0 } asked ? SeedsIn(asked) : Enumerable.Range(1, SeedsInCi))
            .Select(seed => new TheoryDataRow<int>(seed));

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Whatever_breaks_no_more_is_admitted_than_the_cap_and_every_unit_is_accounted_for(int seed)
    {
        using var limit = new CancellationTokenSource(Limit);
        await shared.BeginAsync(limit.Token);
        var customers = await SignUpAsync(seed, limit.Token);
        using var load = new ReserveLoad(shared.Fleet, customers);
        var plans = TroublePlan.Of(seed, OvershootStack.Sidecars, TroubleSpan, LeaseLifetime);
        output.WriteLine($"seed {seed}: {string.Join(", ", plans)}");
        var account = new Account(shared, load, customers);
        var started = Stopwatch.GetTimestamp();

        using var enough = CancellationTokenSource.CreateLinkedTokenSource(limit.Token);
        var loading = load.RunAsync(seed, Callers, enough.Token);
        var watching = account.WatchAsync(LookEvery, enough.Token);
        await Task.WhenAll(plans.Select(async plan =>
        {
            await Task.Delay(plan.Begins, limit.Token);
            await shared.Fleet.SufferAsync(plan, limit.Token);
        }));
        await load.DeniedAsync(EnoughDenials, limit.Token);
        await enough.CancelAsync();
        await loading;
        await watching;
        await shared.Fleet.ReadyAsync(limit.Token);
        var outstanding = await account.ReturnedAsync(limit.Token);

        var pauses = plans.Count(plan => plan.Trouble == Trouble.SidecarPaused);
        var unseen = account.AssertSettled(outstanding, pauses * MaxBurntByOnePause);
        await account.SpendTheRestAsync(outstanding, limit.Token);
        var caps = Enumerable.Range(0, Customers).Sum(customer => (long)CapOf(customer));
        Console.WriteLine(
            $"overshoot seed {seed}: {load.Asked} reserves, {load.With(200)} admitted, {load.With(429)} denied, {load.With(503)} undecided, "
            + $"{load.With(0)} unanswered; {Enumerable.Range(0, Customers).Sum(load.AdmittedOf)} of {caps} units admitted, {unseen} spent unseen, "
            + $"0 outstanding, conserved at {account.Looks} looks; {plans.Length} troubles, {Stopwatch.GetElapsedTime(started).TotalSeconds:F1} s");
        shared.EndWell();
    }

    private static int CapOf(int customer) => FavouritesCap / (customer + 1);

    private static IEnumerable<int> SeedsIn(string text) =>
        text.Split(',', StringSplitOptions.RemoveEmptyEntries).SelectMany(part =>
            part.Split('-') is [var first, var last]
                ? Enumerable.Range(int.Parse(first), int.Parse(last) - int.Parse(first) + 1)
                : [int.Parse(part)]);

    private async Task<ImmutableArray<LoadCustomer>> SignUpAsync(int seed, CancellationToken cancellationToken)
    {
        var customers = ImmutableArray.CreateBuilder<LoadCustomer>();
        for (var customer = 0; customer < Customers; customer++)
        {
            customers.Add(await LoadCustomer.SignUpAsync(shared.Product, $"s{seed}-{customer}", CapOf(customer)));
        }

        // Every sidecar knows the last one, and so all of them.
        using var probe = new ReserveLoad(shared.Fleet, [customers[^1]]);
        for (var sidecar = 0; sidecar < OvershootStack.Sidecars; sidecar++)
        {
            while (await probe.ReserveAsync(0, sidecar, units: CapOf(0) * Customers) != (int)HttpStatusCode.TooManyRequests)
            {
                await Task.Delay(LookEvery, cancellationToken);
            }
        }

        return customers.ToImmutable();
    }

    public sealed class HurriedStack() : OvershootStack(LeaseLifetime);

    /// <summary>The driver's own count beside Host's.</summary>
    private sealed class Account(OvershootStack shared, ReserveLoad load, ImmutableArray<LoadCustomer> customers)
    {
        private readonly PoolWatch pools = new(shared.Product.Client);

        public int Looks { get; private set; }

        /// <summary>Whenever Host can be asked: what the driver had seen admitted before it asked is in the pool, settled or held.</summary>
        public async Task WatchAsync(TimeSpan every, CancellationToken enough)
        {
            while (!enough.IsCancellationRequested)
            {
                var before = customers.Select((_, customer) => load.AdmittedOf(customer)).ToImmutableArray();
                var now = await pools.TryReadAsync(CancellationToken.None);
                for (var customer = 0; now is not null && customer < customers.Length; customer++)
                {
                    AssertHeld(customer, before[customer], now.GetValueOrDefault(customers[customer].Id));
                }

                Looks += now is null ? 0 : 1;
                await Task.Delay(every, enough).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        /// <summary>Waits until nothing is outstanding any more: every lease has come back, also of those who were killed or cut off.</summary>
        public async Task<ImmutableDictionary<string, PoolReading>> ReturnedAsync(CancellationToken cancellationToken)
        {
            while (true)
            {
                var now = await pools.TryReadAsync(cancellationToken);
                if (now is not null && customers.All(customer => now[customer.Id].Held == 0))
                {
                    return now;
                }

                await Task.Delay(LookEvery, cancellationToken);
            }
        }

        /// <returns>Units that were spent although nobody saw an answer.</returns>
        public long AssertSettled(ImmutableDictionary<string, PoolReading> returned, long maxBurnt)
        {
            var unseen = 0L;
            for (var customer = 0; customer < customers.Length; customer++)
            {
                var pool = returned[customers[customer].Id];
                AssertHeld(customer, load.AdmittedOf(customer), pool);
                Assert.Equal(CapOf(customer), pool.Settled + pool.Free);
                Assert.InRange(pool.Settled - load.AdmittedOf(customer), 0, load.UnansweredOf(customer) + maxBurnt);
                unseen += pool.Settled - load.AdmittedOf(customer);
            }

            return unseen;
        }

        /// <summary>No unit was lost: what is left can be had in one piece, and then nothing more.</summary>
        public async Task SpendTheRestAsync(ImmutableDictionary<string, PoolReading> returned, CancellationToken cancellationToken)
        {
            for (var customer = 0; customer < customers.Length; customer++)
            {
                var (sidecar, rest) = (customer % OvershootStack.Sidecars, returned[customers[customer].Id].Free);
                await UntilAsync(HttpStatusCode.OK, customer, sidecar, rest, cancellationToken);
                await UntilAsync(HttpStatusCode.TooManyRequests, customer, sidecar, 1, cancellationToken);
                Assert.InRange(load.AdmittedOf(customer), 0, CapOf(customer));
            }

            Assert.Equal(0, await new LedgerEvidence(shared.Product.Postgres.ConnectionString).BrokenPoolsAsync(cancellationToken));
        }

        /// <summary>A denial may be remembered for a second; and a busy machine may need a second try.</summary>
        private async Task UntilAsync(HttpStatusCode status, int customer, int sidecar, long units, CancellationToken cancellationToken)
        {
            while (units > 0 && await load.ReserveAsync(customer, sidecar, units) != (int)status)
            {
                await Task.Delay(LookEvery, cancellationToken);
            }
        }

        private static void AssertHeld(int customer, long admitted, PoolReading? pool)
        {
            Assert.InRange(admitted, 0, CapOf(customer));
            Assert.True(admitted == 0 || pool is not null, $"{admitted} units were admitted and there is no pool.");
            Assert.True(pool is null or { Conserves: true }, $"{pool} does not conserve.");
            Assert.True(pool is null || (pool.Cap <= CapOf(customer) && pool.Settled + pool.Held <= pool.Cap), $"{pool} passes {CapOf(customer)}.");
            Assert.True(admitted <= (pool?.Settled + pool?.Held ?? 0), $"{admitted} units were admitted and {pool} knows of fewer.");
        }
    }
}
