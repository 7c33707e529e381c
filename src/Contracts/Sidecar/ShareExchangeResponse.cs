using System.Collections.Immutable;

namespace Metering.Contracts.Sidecar;

/// <summary>The answers, in the order of the requests.</summary>
public sealed record ShareExchangeResponse(ImmutableArray<ShareAnswer> Shares);
