using Metering.Contracts.Sidecar;
using Metering.EnforcementSidecar.Deciding;
using Metering.EnforcementSidecar.Identifiers;
using Metering.EnforcementSidecar.Leases;
using Metering.Testing;
using NodaTime;
using Xunit;

namespace Metering.EnforcementSidecar.Tests.Leases.Simulation;

/// <summary>
/// Sidecars, Host and the network between them on one virtual clock. The same seed gives the same run; after every single thing that happens
/// the account is checked.
/// </summary>
internal sealed partial class LeaseWorld : IDisposable
{
    public static readonly Instant Start = Instant.FromUtc(2026, 1, 15, 9, 0);
    private static readonly Duration Period = Duration.FromHours(1);

    private readonly List<SimulatedSidecar> sidecars = [];
    private readonly Dictionary<string, QuotaTerms> terms = new(StringComparer.Ordinal);
    private readonly HashSet<string> ruined = new(StringComparer.Ordinal);
    private readonly SplitMix random;
    private readonly SimulatedNetwork network;
    private int named;

    public LeaseWorld(SplitMix random, Weather weather, int sidecars, int ttlMilliseconds, bool recalls)
    {
        this.random = random;
        Recalls = recalls;
        TtlMilliseconds = ttlMilliseconds;
        network = new SimulatedNetwork(Clock, random, weather);
        Host = new SimulatedHost(ttlMilliseconds) { Now = Start, ActiveSidecars = sidecars };
        for (var i = 0; i < sidecars; i++)
        {
            Join(i);
        }
    }

    public VirtualClock Clock { get; } = new() { Now = Weather.Second };

    public SimulatedHost Host { get; }

    public IReadOnlyList<SimulatedSidecar> Sidecars => sidecars;

    public int TtlMilliseconds { get; }

    public bool Recalls { get; }

    /// <summary>Requests that waited for an answer of Host.</summary>
    public int Waits { get; private set; }

    public int Denials { get; private set; }

    /// <summary>Which pool denied, and when.</summary>
    public Action<SimulatedPool>? Denied { get; set; }

    public string AddEntitlement(long allowed)
    {
        var id = Ulid.NewText(Start);
        terms.Add(id, new QuotaTerms(id, LimitClass.Hard, allowed, "PT1H"));
        Host.Add(id, new SimulatedPool(id, Start, Start + Period, allowed));
        return id;
    }

    public void RunFor(long microseconds) => network.RunUntil(Clock.Now + microseconds, Verify);

    /// <summary>One request at one sidecar.</summary>
    public void Reserve(SimulatedSidecar sidecar, string entitlementId, long units) =>
        In(sidecar, sidecar.Life, () =>
        {
            Decide(sidecar, entitlementId, units, Clock.Now + (long)DecisionEngine.MaxWait.TotalMicroseconds);
            Pump(sidecar);
        });

    /// <summary>The network is fair from now on and nobody is stopped; all that is outstanding comes back.</summary>
    public void Calm()
    {
        network.Weather = Weather.Fair;
        sidecars.ForEach(sidecar => sidecar.PausedUntil = Math.Min(sidecar.PausedUntil, Clock.Now));
        RunFor((TtlMilliseconds * Weather.Millisecond) + (20 * Weather.Second));
    }

    public void Crash(SimulatedSidecar sidecar)
    {
        sidecar.Restart(Host.Now, Host.ActiveSidecars);
        Begin(sidecar);
    }

    /// <summary>The machine is gone with its disk.</summary>
    public void Ruin(SimulatedSidecar sidecar)
    {
        ruined.Add(sidecar.Name);
        var place = sidecars.IndexOf(sidecar);
        sidecars.RemoveAt(place);
        sidecar.End();
        Join(place);
    }

    public void Pause(SimulatedSidecar sidecar, long microseconds) => sidecar.PausedUntil = Clock.Now + microseconds;

    /// <summary>The period ends: Host begins the next one, and each sidecar hears of it at its own time.</summary>
    public void Turn(Func<string, long> allowedOf)
    {
        Host.Now += Period;
        foreach (var (id, _) in terms)
        {
            foreach (var pool in Host.Pools.Where(pool => !pool.Closed && !pool.Contains(Host.Now)))
            {
                pool.Close();
            }

            Host.Add(id, new SimulatedPool(id, Host.Now, Host.Now + Period, allowedOf(id)));
        }

        Tell();
    }

    /// <summary>Every sidecar hears, sooner or later, what the time is and how many there are.</summary>
    public void Tell()
    {
        var (now, active) = (Host.Now, Host.ActiveSidecars);
        foreach (var sidecar in sidecars)
        {
            network.After(network.Weather.DelayOf(random), () => In(sidecar, sidecar.Life, () =>
            {
                if (now >= sidecar.Time.Now)
                {
                    sidecar.Hear(now, active);
                }
            }));
        }
    }

    /// <summary>The balance changes; sidecars are told, and give back what is no longer allowed.</summary>
    public void Allow(string entitlementId, long allowed)
    {
        var lowered = allowed < terms[entitlementId].Limit;
        terms[entitlementId] = terms[entitlementId] with { Limit = allowed };
        Host.InForce(entitlementId)?.Allow(allowed);
        foreach (var sidecar in sidecars)
        {
            network.Send(() => In(sidecar, sidecar.Life, () =>
            {
                var account = sidecar.Dialogue.AccountOf(entitlementId);
                account.Forget();
                if (lowered)
                {
                    account.Retire();
                }
            }));
        }
    }

    public void Dispose()
    {
        foreach (var sidecar in sidecars)
        {
            sidecar.Dispose();
        }
    }

    private void Join(int place)
    {
        var sidecar = new SimulatedSidecar($"sidecar-{named++}", Clock);
        sidecar.Hear(Host.Now, Host.ActiveSidecars);
        sidecars.Insert(place, sidecar);
        Begin(sidecar);
    }

    /// <summary>Something happens within a process: never in a later life of it, and not before a pause is over.</summary>
    private void In(SimulatedSidecar sidecar, int life, Action happens)
    {
        if (life != sidecar.Life)
        {
            return;
        }

        if (sidecar.PausedUntil > Clock.Now)
        {
            network.After(sidecar.PausedUntil - Clock.Now + random.Below(1_000), () => In(sidecar, life, happens));
            return;
        }

        happens();
        GoOnWaiting(sidecar);
    }

    private void Verify()
    {
        foreach (var pool in Host.Pools)
        {
            var (spent, held) = (0L, 0L);
            foreach (var lease in pool.Leases)
            {
                spent += lease.Spent;
                held += lease.Held;
                Require(lease.Spent + lease.Held <= lease.Granted, $"lease {lease.Id}: {lease.Spent} + {lease.Held} of {lease.Granted}");
            }

            Require(pool.Settled == spent && pool.Held == held, $"the pool says {pool.Settled} + {pool.Held}, its leases {spent} + {held}");
            Require(pool.Settled + pool.Held <= pool.Cap, $"settled {pool.Settled} + held {pool.Held} > cap {pool.Cap}");
            Require(
                pool.Closed || pool.Admitted + pool.Burnt <= pool.Settled + pool.Held,
                $"admitted {pool.Admitted}, burnt {pool.Burnt}, but settled {pool.Settled} and held {pool.Held}");
            Require(pool.Admitted <= pool.Cap, $"admitted {pool.Admitted} > cap {pool.Cap}");
        }
    }

    /// <summary>In calm: every unit is accounted for. What a ruined machine held stays held, everything else has come back.</summary>
    public void VerifyAccountIsClosed()
    {
        foreach (var pool in Host.Pools)
        {
            var lost = pool.Leases.Where(lease => ruined.Contains(lease.SidecarId)).ToList();
            var spent = pool.Admitted + pool.Burnt;
            Require(pool.Held == lost.Sum(lease => lease.Held), $"held {pool.Held} of which only {lost.Sum(lease => lease.Held)} are lost");
            Require(
                lost.Count == 0 ? pool.Settled == spent : pool.Settled <= spent && (pool.Closed || spent <= pool.Settled + pool.Held),
                $"settled {pool.Settled}, held {pool.Held}, admitted {pool.Admitted}, burnt {pool.Burnt}");
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
