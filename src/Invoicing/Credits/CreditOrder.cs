using System.Collections.Immutable;
using Metering.Platform.Identifiers;
using Metering.Rating;
using NodaTime;

namespace Metering.Invoicing.Credits;

/// <summary>In which order grants are used up, and what they pay. Pure.</summary>
/// <remarks>
/// Priority first, because people set it; then what expires sooner, so that as little as possible is lost; then promotional before paid, because
/// what was paid for can be asked back; then what pays for some features before what pays for all; then the older.
/// </remarks>
internal static class CreditOrder
{
    public static ImmutableArray<CreditGrant> Sort(IEnumerable<CreditGrant> grants) =>
    [
        .. grants
            .OrderBy(grant => grant.Priority)
            .ThenBy(grant => grant.ExpiresAt ?? Instant.MaxValue)
            .ThenBy(grant => grant.IsPaid)
            .ThenBy(grant => grant.Features.IsEmpty)
            .ThenBy(grant => grant.EffectiveAt)
            .ThenBy(grant => grant.Number),
    ];

    /// <summary>
    /// Each grant in turn pays the lines it may pay for in the order of the document. Never more than all lines come to: what is taken off by one
    /// line is not paid by credit on another.
    /// </summary>
    public static ImmutableArray<CreditUseOfLine> Apply(ImmutableArray<CreditableLine> lines, IEnumerable<CreditGrant> grants, Instant now)
    {
        var uses = ImmutableArray.CreateBuilder<CreditUseOfLine>();
        if (lines.IsEmpty)
        {
            return [];
        }

        var open = lines.Select(line => line.Amount).ToArray();
        foreach (var grant in Sort(grants.Where(grant => grant.IsUsableAt(now))))
        {
            var payable = open.Aggregate((sum, amount) => sum + amount);
            var available = grant.Remaining < payable ? grant.Remaining : payable;
            var places = Enumerable.Range(0, lines.Length).Where(i => grant.PaysFor(lines[i].FeatureKey)).ToArray();
            if (places.Length == 0 || available.IsNegative || available.IsZero)
            {
                continue;
            }

            foreach (var use in CreditApplication.Apply(
                [.. places.Select(i => open[i])], [new CreditBalance(PublicId.Format(grant.Id), available)]))
            {
                open[places[use.Owed]] -= use.Amount;
                uses.Add(new CreditUseOfLine(grant, lines[places[use.Owed]].Id, use.Amount));
            }
        }

        return uses.ToImmutable();
    }
}
