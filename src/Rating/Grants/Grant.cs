using NodaTime;

namespace Metering.Rating;

/// <summary>An amount of usage that a customer may burn while the grant is in force: <c>[EffectiveAt, EndsAt)</c>.</summary>
/// <remarks>
/// <code>
/// effective        expires                    a grant that ends at or before it becomes effective is never in force
///     [---------------)
/// effective   voided
///     [----------)                            the earlier of the two ends it; when they are equal it expired
/// </code>
/// <para>Grants never change once issued. Voiding sets <see cref="VoidedAt"/>; a deleted grant is a voided one.</para>
/// <para>Instants are cut down to their microsecond. Two grants are equal when all their members are.</para>
/// </remarks>
public sealed record Grant
{
    /// <summary>Names the grant among those of one balance. Compared byte by byte; the last resort of the burn order.</summary>
    public required string Id { get; init; }

    /// <summary>What the grant holds when it becomes effective, and again at each recurrence. Zero or above.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The amount is negative or not within <see cref="GrantBounds"/>.</exception>
    public required decimal Amount { get; init => field = GrantBounds.Checked(value, nameof(Amount)); }

    /// <summary>The lower is burnt first. Any number; the API allows 1 to 255.</summary>
    public int Priority { get; init; } = 1;

    /// <summary>From when it can be burnt, this instant included.</summary>
    public required Instant EffectiveAt { get; init => field = value.ToMicroseconds(); }

    /// <summary>From when it can no longer be burnt; null for never. Of equal priorities the one that expires first is burnt first.</summary>
    public Instant? ExpiresAt { get; init => field = value?.ToMicroseconds(); }

    /// <summary>From when it was taken back; null when it was not. Has no part in the burn order.</summary>
    public Instant? VoidedAt { get; init => field = value?.ToMicroseconds(); }

    /// <summary>
    /// At each boundary of this calendar strictly after <see cref="EffectiveAt"/> and before the end, what is left is forfeited and the full
    /// amount is granted anew. Null for a grant that is issued once.
    /// </summary>
    public BillingCalendar? Recurrence { get; init; }

    /// <summary>At a reset a smaller balance is raised to this. Zero, and then nothing is raised, unless said.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The amount is negative or not within <see cref="GrantBounds"/>.</exception>
    public decimal MinRollover { get; init => field = GrantBounds.Checked(value, nameof(MinRollover)); }

    /// <summary>
    /// At a reset a larger balance is cut to this; where it is below <see cref="MinRollover"/> it wins. Zero, and then nothing rolls over,
    /// unless said.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The amount is negative or not within <see cref="GrantBounds"/>.</exception>
    public decimal MaxRollover { get; init => field = GrantBounds.Checked(value, nameof(MaxRollover)); }

    /// <summary>When it was issued. Of equal priority and expiry the one that was created first is burnt first.</summary>
    public required Instant CreatedAt { get; init => field = value.ToMicroseconds(); }

    /// <summary>The first instant at which it is no longer in force: expired or voided, whichever is earlier; null for never.</summary>
    public Instant? EndsAt => VoidedAt is { } voided && !(ExpiresAt <= voided) ? voided : ExpiresAt;

    /// <summary>Whether it can be burnt at the instant: the beginning counts, the end does not.</summary>
    public bool IsInForceAt(Instant instant) => EffectiveAt <= instant && !(EndsAt <= instant);

    /// <summary>The balance after a reset, of the balance before: <c>min(MaxRollover, max(MinRollover, balance))</c>.</summary>
    public decimal RollOver(decimal balance) => Math.Min(MaxRollover, Math.Max(MinRollover, balance));
}
