using Metering.Contracts.Sidecar;

namespace Metering.EnforcementSidecar.Reservations;

/// <summary>A reservation that an earlier process left open.</summary>
/// <param name="Deadline">Unix milliseconds.</param>
internal sealed record FoundReservation(int Slot, string Token, OrphanPolicy Policy, CountedTokens Counts, long Deadline);
