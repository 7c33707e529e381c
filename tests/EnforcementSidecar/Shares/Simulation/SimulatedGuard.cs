using Metering.Contracts.Sidecar;
using Metering.EnforcementSidecar.Concurrency;
using Metering.EnforcementSidecar.Leases;
using Metering.EnforcementSidecar.Rates;
using Metering.EnforcementSidecar.Shares;
using Metering.EnforcementSidecar.Tests.Leases.Simulation;
using Metering.EnforcementSidecar.Time;
using NodaTime;

namespace Metering.EnforcementSidecar.Tests.Shares.Simulation;

/// <summary>A sidecar's process: the real limiter, table of places and dialogue, spoken for in the way <see cref="ShareBroker"/> speaks.</summary>
/// <param name="skew">By how much the machine's calendar is wrong, in microseconds. Nothing that is told to others goes by it.</param>
internal sealed class SimulatedGuard(string name, VirtualClock clock, long skew, RateLimitTerms rate, ConcurrencyTerms concurrency)
{
    public string Name => name;

    /// <summary>Which process of this machine.</summary>
    public int Start { get; private set; }

    public ShareDialogue Dialogue { get; private set; } = null!;

    public RateLimiter Limiter { get; private set; } = null!;

    public SlotTable Slots { get; private set; } = null!;

    public ProductTime Time { get; } = new();

    /// <summary>Nothing happens in the process before then.</summary>
    public long PausedUntil { get; set; }

    public int UnderWay { get; set; }

    /// <summary>Of the machine: what is on the way to one that is gone finds nobody.</summary>
    public bool IsGone { get; set; }

    public List<(bool IsRate, long Units, long GivesUpAt, Task<AcquireOutcome> Answer)> Waiting { get; } = [];

    /// <summary>SIGKILL and a start: everything is gone.</summary>
    public void Restart()
    {
        Start++;
        Dialogue = new ShareDialogue(Time, clock);
        Limiter = new RateLimiter(rate);
        Slots = new SlotTable(concurrency);
        (PausedUntil, UnderWay) = (0, 0);
        Waiting.Clear();
    }

    public void ReadClock()
    {
        var now = ShareWorld.Epoch + Duration.FromTicks((clock.Now + skew) * 10);
        Time.Apply(new Heartbeat(1, 1, now, ClockStands: true, 1));
    }
}
