using Metering.Contracts.Sidecar;

namespace Metering.EnforcementSidecar.Leases;

/// <summary>One call to Host, as it was put together; its answer, or that there was none, goes back to <see cref="LeaseDialogue"/>.</summary>
/// <param name="Closed">Of the reports the first ones: nobody spends from these leases any more.</param>
/// <param name="Asked">In the order of the requests.</param>
/// <param name="AnsweredRecall">The recall that the closed leases answer, if any.</param>
internal sealed record LeaseExchange(
    IReadOnlyList<LeaseReport> Reports, IReadOnlyList<LeaseRequest> Requests, IReadOnlyList<Lease> Closed, IReadOnlyList<LeaseQuestion> Asked,
    long? AnsweredRecall = null);
