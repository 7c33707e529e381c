using Metering.Contracts.Sidecar;

namespace Metering.EnforcementSidecar.Leases;

/// <summary>A request for units and the lease that is already written down for it.</summary>
/// <param name="Progress">
/// What was spent so far. Host may have seen the usage events of those requests already; without the report it would count
/// them as used and as held, and call units exhausted that are not.
/// </param>
internal sealed record LeaseQuestion(LeaseAccount Account, Lease Lease, LeaseRequest Request, IReadOnlyList<LeaseReport> Progress);
