using System.Collections.Immutable;

namespace Metering.Contracts.Sidecar;

/// <summary>The outcomes, in the order of the settlements.</summary>
public sealed record SettlementExchangeResponse(ImmutableArray<SettlementOutcome> Outcomes);
