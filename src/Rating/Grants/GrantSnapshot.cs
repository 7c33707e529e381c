using System.Collections.Immutable;
using NodaTime;

namespace Metering.Rating;

/// <summary>The state of a balance at an instant: after everything that happened to grants at it, before any usage at or after it.</summary>
/// <remarks>
/// <para>
/// A run that starts from a snapshot gives what the run from the beginning would have given, for less work. That holds while the snapshot
/// is true: when a grant, a reset or usage before <see cref="At"/> is added or changed, take an earlier one.
/// </para>
/// <para>Snapshots with the same figures are equal.</para>
/// </remarks>
public sealed record GrantSnapshot
{
    /// <summary>The instant; cut down to its microsecond.</summary>
    public required Instant At { get; init => field = value.ToMicroseconds(); }

    /// <summary>One entry for each grant in force at the instant and for no other, by grant id.</summary>
    /// <exception cref="ArgumentException">Two entries are for one grant.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A balance is not within <see cref="GrantBounds"/>.</exception>
    public required ImmutableArray<GrantBalance> Balances { get; init => field = Ordered(value); }

    /// <summary>Usage that no grant has covered yet.</summary>
    public decimal Overage { get; init => field = GrantBounds.Checked(value, nameof(Overage)); }

    /// <summary>When the usage period began: the last reset, or the beginning of the measurement.</summary>
    public required Instant PeriodStart { get; init => field = value.ToMicroseconds(); }

    /// <summary>What was used in the usage period so far.</summary>
    public decimal PeriodUsage { get; init => field = GrantBounds.Checked(value, nameof(PeriodUsage)); }

    /// <summary>What was burnt from grants in the usage period so far; may include overage of the period before.</summary>
    public decimal PeriodBurnt { get; init => field = GrantBounds.Checked(value, nameof(PeriodBurnt)); }

    /// <summary>What is left of all grants.</summary>
    public decimal Balance => Balances.Sum(grant => grant.Balance);

    /// <summary>What the usage period had to offer: what was burnt in it and what is left. Falls when a grant ends with something left.</summary>
    public decimal TotalAvailable => PeriodBurnt + Balance;

    /// <summary>Whether all figures are equal.</summary>
    public bool Equals(GrantSnapshot? other) =>
        other is not null
        && (At, Overage, PeriodStart, PeriodUsage, PeriodBurnt)
            == (other.At, other.Overage, other.PeriodStart, other.PeriodUsage, other.PeriodBurnt)
        && Balances.AsSpan().SequenceEqual(other.Balances.AsSpan());

    /// <summary>Equal for equal snapshots.</summary>
    public override int GetHashCode() => HashCode.Combine(At, Overage, PeriodStart, PeriodUsage, PeriodBurnt, Balances.Length);

    private static ImmutableArray<GrantBalance> Ordered(ImmutableArray<GrantBalance> balances)
    {
        var ordered = balances.Sort((left, right) => string.CompareOrdinal(left.GrantId, right.GrantId));
        for (var i = 0; i < ordered.Length; i++)
        {
            GrantBounds.Checked(ordered[i].Balance, nameof(Balances));
            if (i > 0 && ordered[i].GrantId == ordered[i - 1].GrantId)
            {
                throw new ArgumentException($"The snapshot has two balances for the grant {ordered[i].GrantId}.", nameof(balances));
            }
        }

        return ordered;
    }
}
