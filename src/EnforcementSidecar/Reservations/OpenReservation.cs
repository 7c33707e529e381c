using Metering.Contracts.Sidecar;

namespace Metering.EnforcementSidecar.Reservations;

/// <summary>A call of a model that is under way and that nobody has settled yet.</summary>
/// <param name="model">As the gateway named it; not kept over a restart.</param>
internal sealed class OpenReservation(UInt128 id, string token, OrphanPolicy policy, CountedTokens counts, string? model, int slot, long deadline)
{
    private int claimed;

    public UInt128 Id => id;

    public OrphanPolicy Policy => policy;

    public CountedTokens Counts => counts;

    public string? Model => model;

    /// <summary>The newest: an extension signs another one. Written under the lock of this object.</summary>
    public string Token { get; set; } = token;

    /// <summary>Where it is written down. Written under the lock of this object.</summary>
    public int Slot { get; set; } = slot;

    /// <summary>Unix milliseconds; nobody settled it in time from then on.</summary>
    public long Deadline { get; set; } = deadline;

    /// <summary>
    /// The posted reservation, or a later one of the same call: an extension whose answer the gateway never got was taken all the same.
    /// </summary>
    public Reservation NewestOf(in Reservation posted, byte[] reservationKey) =>
        ReservationToken.Read(Token, reservationKey, out var newest) == ReservationReading.Valid && newest.Units > posted.Units ? newest : posted;

    /// <summary>One of the gateway and the clock settles it.</summary>
    public bool TryClaim() => Interlocked.CompareExchange(ref claimed, 1, 0) == 0;

    /// <summary>It could not be settled; the next may try.</summary>
    public void GiveUp() => Volatile.Write(ref claimed, 0);
}
