using Metering.EnforcementSidecar.Reservations;

namespace Metering.EnforcementSidecar.Access;

/// <summary>Who is who. Read without locks by every check; written by the one loop that follows the snapshot stream.</summary>
/// <param name="reservationKey">Signs and verifies reservations.</param>
internal sealed class AccessDirectory(byte[] reservationKey)
{
    private readonly LookupTable<CredentialHash, CustomerKey> byCredential = new(CustomerKey.Removed);
    private readonly LookupTable<CompactId, CustomerEntry> byId = new(removed: null);

    public byte[] ReservationKey { get; } = reservationKey;

    public int Count => byId.Count;

    /// <summary>Nobody when the key is not known.</summary>
    public Identity Find(ReadOnlySpan<char> key) => CredentialHash.OfKey(key) is { } hash ? byCredential.Find(hash)?.Identity ?? default : default;

    public CustomerEntry? FindById(string customerId) => FindById(CompactId.Of(customerId));

    public CustomerEntry? FindById(in CompactId customerId) => byId.Find(customerId);

    /// <summary>The request is over, however it ended. Does nothing when it was admitted elsewhere, or released before.</summary>
    public void Release(in Reservation reservation) =>
        FindById(reservation.CustomerId)?.Find(reservation.FeatureKey)?.Slots?.Release(reservation.Id);

    /// <summary>A removed customer's keys stop working, but usage that it has reserved can still be settled.</summary>
    public void Put(CustomerEntry customer)
    {
        var previous = byId.Find(customer.Key);
        byId.Put(customer.Key, customer);
        foreach (var key in customer.Keys)
        {
            byCredential.Put(key.Hash, key);
        }

        foreach (var key in previous is null ? [] : previous.Keys)
        {
            // Of two customers with one key, the one that was said last has it.
            if (!customer.HasKey(key.Hash) && byCredential.Find(key.Hash)?.Identity.Customer == previous)
            {
                byCredential.Remove(key.Hash);
            }
        }
    }
}
