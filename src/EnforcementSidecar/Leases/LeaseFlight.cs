namespace Metering.EnforcementSidecar.Leases;

/// <summary>One question to Host about one entitlement, and everyone who waits for its answer. Guarded by the account's gate.</summary>
internal sealed class LeaseFlight
{
    private readonly TaskCompletionSource<AcquireOutcome> done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Of those waiting, so that an answer moves at least one on; 0 when nobody waits.</summary>
    public long SmallestNeed { get; private set; }

    public long TotalNeed { get; private set; }

    public bool Sent { get; set; }

    /// <summary>Own remainders, each too small for what is needed, have been given back for this question.</summary>
    public bool GaveBack { get; set; }

    public Task<AcquireOutcome> Done => done.Task;

    public void Need(long units)
    {
        SmallestNeed = SmallestNeed == 0 ? units : Math.Min(SmallestNeed, units);
        TotalNeed = Math.Min(SpentCounter.MaxUnits, TotalNeed + units);
    }

    public void Complete(AcquireOutcome outcome) => done.TrySetResult(outcome);
}
