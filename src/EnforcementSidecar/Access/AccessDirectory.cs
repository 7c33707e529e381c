using System.Collections.Concurrent;
using Metering.Contracts.Sidecar;
using Metering.EnforcementSidecar.Reservations;

namespace Metering.EnforcementSidecar.Access;

/// <summary>Who is who. Read without locks by every check; written by the one loop that follows the snapshot stream.</summary>
/// <param name="reservationKey">Signs and verifies reservations.</param>
internal sealed class AccessDirectory(byte[] reservationKey)
{
    private readonly ConcurrentDictionary<CredentialHash, Identity> byCredential = new();
    private readonly ConcurrentDictionary<string, CustomerEntry> byId = new(StringComparer.Ordinal);

    public byte[] ReservationKey { get; } = reservationKey;

    public int Count => byId.Count;

    /// <summary>Nobody when the key is not known.</summary>
    public Identity Find(ReadOnlySpan<char> key) =>
        CredentialHash.OfKey(key) is { } hash && byCredential.TryGetValue(hash, out var identity) ? identity : default;

    public CustomerEntry? FindById(string customerId) => byId.GetValueOrDefault(customerId);

    /// <summary>The request is over, however it ended. Does nothing when it was admitted elsewhere, or released before.</summary>
    public void Release(in Reservation reservation) =>
        FindById(reservation.CustomerId)?.Find(reservation.FeatureKey)?.Slots?.Release(reservation.Id);

    /// <summary>A removed customer's keys stop working, but usage that it has reserved can still be settled.</summary>
    public void Put(CustomerEntry customer)
    {
        var keys = customer.Status == CustomerStatus.Removed ? [] : customer.Keys;
        var previous = byId.GetValueOrDefault(customer.Id);
        byId[customer.Id] = customer;
        foreach (var (hash, restriction) in keys)
        {
            byCredential[hash] = new Identity(customer, restriction);
        }

        foreach (var (hash, _) in previous?.Keys ?? [])
        {
            if (!Array.Exists(keys, key => key.Hash == hash) && byCredential.TryGetValue(hash, out var known) && known.Customer?.Id == customer.Id)
            {
                byCredential.TryRemove(hash, out _);
            }
        }
    }
}
