namespace Metering.EnforcementSidecar.Reservations;

/// <summary>What a reservation token turned out to be.</summary>
internal enum ReservationReading
{
    /// <summary>Not of the form of a token.</summary>
    Malformed,

    /// <summary>Of the form, but not signed by this deployment.</summary>
    Forged,

    Valid,
}
