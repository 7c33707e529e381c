using System.Collections.Immutable;

namespace Metering.Contracts.Sidecar;

/// <summary>The answers, in the order of the reports and requests.</summary>
public sealed record LeaseExchangeResponse(ImmutableArray<ReportAnswer> Reports, ImmutableArray<LeaseAnswer> Leases);
