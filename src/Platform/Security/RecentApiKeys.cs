using System.Collections.Concurrent;

namespace Metering.Platform.Security;

/// <summary>Spares the database a look-up per request; a revoked key works for at most <see cref="Lifetime"/> longer.</summary>
public sealed class RecentApiKeys(TimeProvider time)
{
    public static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(2);
    private const int Capacity = 4_096;

    private readonly ConcurrentDictionary<string, Entry> entries = new(StringComparer.Ordinal);

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

    private static string HashKey(string secret) => Convert.ToHexString(ApiKey.HashOf(secret));

    private sealed record Entry(KnownApiKey Key, long At);
}
