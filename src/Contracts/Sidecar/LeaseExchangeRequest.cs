using System.Collections.Immutable;

namespace Metering.Contracts.Sidecar;

/// <summary>
/// Reports what was spent and asks for more, in one call (<c>POST /api/v1/sidecar/leases</c>). Safe to repeat:
/// reports state totals, not increments, and the sidecar names the leases it asks for.
/// </summary>
/// <param name="SidecarId">Stable over restarts.</param>
/// <param name="Reports">Applied first, in order.</param>
/// <param name="Requests">Applied after the reports, in order.</param>
/// <param name="AnsweredRecall">The recall after which the reports give back what was left; null when nothing was recalled.</param>
public sealed record LeaseExchangeRequest(
    string SidecarId, ImmutableArray<LeaseReport> Reports, ImmutableArray<LeaseRequest> Requests, long? AnsweredRecall = null);
