using System.Collections.Immutable;

namespace Metering.Contracts.Sidecar;

/// <summary>What reservations used (<c>POST /api/v1/sidecar/settlements</c>). Safe to repeat.</summary>
/// <param name="SidecarId">Who says so; reservations are not bound to who made them.</param>
/// <param name="Settlements">At most 1,000.</param>
public sealed record SettlementExchangeRequest(string SidecarId, ImmutableArray<ReservationSettlement> Settlements);
