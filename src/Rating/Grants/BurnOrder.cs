using NodaTime;

namespace Metering.Rating;

/// <summary>Which grant is burnt first: priority ascending, expiry ascending with none last, created ascending, id. No two are equal.</summary>
internal sealed class BurnOrder : IComparer<Grant>
{
    public static BurnOrder Instance { get; } = new();

    public int Compare(Grant? left, Grant? right)
    {
        ArgumentNullException.ThrowIfNull(left);
        ArgumentNullException.ThrowIfNull(right);
        var order = left.Priority.CompareTo(right.Priority);
        order = order != 0 ? order : (left.ExpiresAt ?? Instant.MaxValue).CompareTo(right.ExpiresAt ?? Instant.MaxValue);
        order = order != 0 ? order : left.CreatedAt.CompareTo(right.CreatedAt);
        return order != 0 ? order : string.CompareOrdinal(left.Id, right.Id);
    }
}
