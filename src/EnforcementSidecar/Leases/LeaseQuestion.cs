using Metering.Contracts.Sidecar;

namespace Metering.EnforcementSidecar.Leases;

/// <summary>A request for units and the lease that is already written down for it.</summary>
internal sealed record LeaseQuestion(LeaseAccount Account, Lease Lease, LeaseRequest Request);
