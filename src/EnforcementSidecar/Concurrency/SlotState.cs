namespace Metering.EnforcementSidecar.Concurrency;

/// <summary>How many more requests may be in flight at this sidecar.</summary>
/// <param name="Limit">Over all sidecars; 0 when there is no such limit.</param>
/// <param name="Remaining">At this sidecar, and what nobody had when Host last answered.</param>
/// <param name="FreeInNanoseconds">
/// Until one is free at the latest, whether somebody releases it or not; 0 when one is free, <see cref="Rates.RateState.Never"/> where this
/// sidecar has no share.
/// </param>
internal readonly record struct SlotState(int Limit, int Remaining, long FreeInNanoseconds);
