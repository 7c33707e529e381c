using System.Collections.Immutable;
using Metering.Rating;
using NodaTime;

namespace Metering.Invoicing.Credits;

/// <summary>Prepaid credit of a customer in one currency: its terms, and what is left of it.</summary>
/// <param name="Number">In the order in which grants were created.</param>
/// <param name="IsPaid">Whether somebody paid for it; promotional credit is not.</param>
/// <param name="Features">What it pays for, by feature key; everything when empty.</param>
/// <param name="Priority">The lower, the earlier it is used.</param>
/// <param name="ExpiresAt">Exclusive; null when it does not expire.</param>
/// <param name="FundedAt">When its amount came into the balance; null while it is not effective.</param>
internal sealed record CreditGrant(
    Guid Id, long Number, string Name, bool IsPaid, Money Amount, ImmutableArray<string> Features, int Priority, Instant EffectiveAt,
    Instant? ExpiresAt, Instant? FundedAt, Instant? VoidedAt, Money Remaining)
{
    public bool IsUsableAt(Instant now) => FundedAt is not null && VoidedAt is null && now >= EffectiveAt && !IsOverAt(now);

    public bool IsOverAt(Instant now) => ExpiresAt <= now;

    public bool PaysFor(string? featureKey) => Features.IsEmpty || (featureKey is not null && Features.Contains(featureKey));
}
