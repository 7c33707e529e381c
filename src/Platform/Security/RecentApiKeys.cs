using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;

namespace Metering.Platform.Security;

/// <summary>Spares the database a look-up per request; a revoked key works for at most <see cref="Lifetime"/> longer.</summary>
public sealed class RecentApiKeys(TimeProvider time)
{
    public static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(2);
    private const int Capacity = 4_096;
    private const int MaxUtf8BytesPerChar = 3;

    private readonly ConcurrentDictionary<UInt128, Entry> entries = new();

    public KnownApiKey? Find(string secret) =>
        entries.TryGetValue(HashKey(secret), out var entry) && time.GetElapsedTime(entry.At) < Lifetime ? entry.Key : null;

    public void Remember(string secret, KnownApiKey key)
    {
        if (entries.Count >= Capacity)
        {
            entries.Clear();
        }

        entries[HashKey(secret)] = new Entry(key, time.GetTimestamp());
    }

    /// <summary>Half of the hash: the secret itself is not kept, and 128 bits tell all keys apart.</summary>
    private static UInt128 HashKey(string secret)
    {
        Span<byte> bytes = stackalloc byte[ApiKey.MaxLength * MaxUtf8BytesPerChar];
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        var length = Encoding.UTF8.GetBytes(secret.AsSpan(0, Math.Min(secret.Length, ApiKey.MaxLength)), bytes);
        SHA256.HashData(bytes[..length], hash);
        return BinaryPrimitives.ReadUInt128BigEndian(hash);
    }

    private sealed record Entry(KnownApiKey Key, long At);
}
