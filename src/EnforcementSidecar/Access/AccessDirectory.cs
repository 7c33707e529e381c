using System.Collections.Concurrent;
using Metering.Contracts.Sidecar;

namespace Metering.EnforcementSidecar.Access;

/// <summary>Who is who. Read without locks by every check; written by the one loop that follows the snapshot stream.</summary>
/// <param name="reservationKey">Signs and verifies reservations.</param>
internal sealed class AccessDirectory(byte[] reservationKey)
{
    private readonly ConcurrentDictionary<CredentialHash, CustomerEntry> byCredential = new();
    private readonly ConcurrentDictionary<string, CustomerEntry> byId = new(StringComparer.Ordinal);

    public byte[] ReservationKey { get; } = reservationKey;

    public int Count => byId.Count;

    public CustomerEntry? Find(ReadOnlySpan<char> key) =>
        CredentialHash.OfKey(key) is { } hash && byCredential.TryGetValue(hash, out var customer) ? customer : null;

    public CustomerEntry? FindById(string customerId) => byId.GetValueOrDefault(customerId);

    /// <summary>A removed customer's keys stop working, but usage that it has reserved can still be settled.</summary>
    public void Put(CustomerEntry customer)
    {
        var keys = customer.Status == CustomerStatus.Removed ? [] : customer.Credentials;
        var previous = byId.GetValueOrDefault(customer.Id);
        byId[customer.Id] = customer;
        foreach (var key in keys)
        {
            byCredential[key] = customer;
        }

        foreach (var key in previous?.Credentials ?? [])
        {
            if (!keys.Contains(key) && byCredential.TryGetValue(key, out var owner) && owner.Id == customer.Id)
            {
                byCredential.TryRemove(key, out _);
            }
        }
    }
}
