using System.Runtime.InteropServices;
using Metering.Contracts.Sidecar;
using Metering.EnforcementSidecar.Access;
using Metering.EnforcementSidecar.Leases;
using Metering.EnforcementSidecar.Time;
using Microsoft.Extensions.Logging.Abstractions;
using NodaTime;

namespace Metering.EnforcementSidecar.Tests.Leases.Simulation;

/// <summary>
/// A sidecar's process and the memory-mapped file that outlives it: the real accounts, sizing, counters and slots, spoken for by the simulation
/// in the way <see cref="LeaseBroker"/> speaks.
/// </summary>
internal sealed unsafe class SimulatedSidecar : IDisposable
{
    private const int Slots = 128;
    private const string Boot = "the same machine all the time";

    private readonly VirtualClock clock;
    private readonly byte* file = (byte*)NativeMemory.AllocZeroed((nuint)LeaseSlots.BytesFor(Slots));
    private LeaseSlots slots = null!;

    public SimulatedSidecar(string name, VirtualClock clock)
    {
        this.clock = clock;
        Name = name;
        Start(Instant.MinValue, 1);
    }

    public string Name { get; }

    /// <summary>Of the process: what was on the way to an earlier one finds nobody.</summary>
    public int Life { get; private set; }

    public LeaseDialogue Dialogue { get; private set; } = null!;

    public ProductTime Time { get; private set; } = null!;

    public SidecarCount Sidecars { get; private set; } = null!;

    /// <summary>Nothing happens in the process before then.</summary>
    public long PausedUntil { get; set; }

    /// <summary>Everything that an earlier process left has been settled.</summary>
    public bool IsRecovered { get; set; }

    public int QuestionsUnderWay { get; set; }

    public bool IsKeeping { get; set; }

    /// <summary>Requests that wait for an answer of Host.</summary>
    public List<WaitingRequest> Waiting { get; } = [];

    /// <summary>SIGKILL and a start: everything is gone but the file.</summary>
    public void Restart(Instant now, int active)
    {
        slots.Dispose();
        Start(now, active);
    }

    /// <summary>Nothing that is still on the way finds it any more.</summary>
    public void End()
    {
        Life++;
        Dispose();
    }

    public void Dispose()
    {
        slots.Dispose();
        NativeMemory.Free(file);
    }

    public void Hear(Instant now, int active)
    {
        Sidecars.Active = active;
        if (now != Instant.MinValue)
        {
            Time.Apply(new Heartbeat(1, 1, now, ClockStands: true, active));
        }
    }

    private void Start(Instant now, int active)
    {
        Life++;
        slots = LeaseSlots.Over(file, Slots, Boot);
        Time = new ProductTime();
        Sidecars = new SidecarCount();
        Dialogue = new LeaseDialogue(slots, Time, Sidecars, clock, NullLogger.Instance);
        Hear(now, active);
        IsRecovered = slots.Found.Count == 0;
        QuestionsUnderWay = 0;
        IsKeeping = false;
        PausedUntil = 0;
        Waiting.Clear();
    }
}

/// <param name="Answer">Null while nobody has asked for it.</param>
internal sealed record WaitingRequest(string EntitlementId, long Units, long GivesUpAt, Task<AcquireOutcome> Answer);
