namespace Metering.EnforcementSidecar.Leases;

/// <summary>A lease that an earlier process left behind.</summary>
/// <param name="Spent">Exact.</param>
internal sealed record FoundLease(int Slot, string LeaseId, long Spent);
