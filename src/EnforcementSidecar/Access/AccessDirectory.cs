using System.Buffers;
using System.Runtime.CompilerServices;
using System.Text;
using Metering.EnforcementSidecar.Reservations;

namespace Metering.EnforcementSidecar.Access;

/// <summary>Who is who. Read without locks by every check; written by the one loop that follows the snapshot stream.</summary>
/// <param name="reservationKey">Signs and verifies reservations.</param>
/// <param name="keys">Outlives the directory: what the hash of a key is does not change.</param>
internal sealed class AccessDirectory(byte[] reservationKey, KnownKeys keys)
{
    private const int MaxKeyLength = 512;
    private readonly LookupTable<CredentialHash, CustomerKey> byCredential = new(CustomerKey.Removed);
    private readonly LookupTable<CompactId, CustomerEntry> byId = new(removed: null);

    public byte[] ReservationKey { get; } = reservationKey;

    public int Count => byId.Count;

    /// <summary>Nobody when the key is not known, and when it is longer than any real one or not ASCII.</summary>
    [SkipLocalsInit]
    public Identity Find(ReadOnlySpan<char> key)
    {
        Span<byte> bytes = stackalloc byte[MaxKeyLength];
        if (key.Length is 0 or > MaxKeyLength || Ascii.FromUtf16(key, bytes, out var length) != OperationStatus.Done)
        {
            return default;
        }

        var mark = keys.MarkOf(bytes[..length]);
        if (keys.TryFind(mark, out var hash))
        {
            return byCredential.Find(hash)?.Identity ?? default;
        }

        hash = CredentialHash.OfKey(bytes[..length]);
        if (byCredential.Find(hash) is not { } found)
        {
            return default;
        }

        keys.Remember(mark, hash);
        return found.Identity;
    }

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
