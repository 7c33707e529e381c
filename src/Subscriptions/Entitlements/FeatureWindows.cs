using System.Collections.Immutable;
using NodaTime;

namespace Metering.Subscriptions.Entitlements;

/// <summary>
/// Who entitles a customer to a feature when, where several would: never two at a time. What began stays; then who begins first, and on a tie
/// the lower id. The others add to it for as long as both last, and follow it when it ends and they have not.
/// </summary>
/// <remarks>
/// <code>
/// base plan     [1 Jan -------------------------- 1 Apr)
/// pack                    [1 Feb -------------------------------- 1 Jun)
/// entitlement   [base, from 1 Feb on with the pack's  )[the pack's own  )
/// </code>
/// </remarks>
internal static class FeatureWindows
{
    /// <summary>One window for each claim that is not covered all the time, and what the others add to it.</summary>
    public static (ImmutableArray<FeatureWindow> Windows, ImmutableArray<FeatureAddition> Additions) Of(IReadOnlyCollection<FeatureClaim> claims)
    {
        var windows = new List<FeatureWindow>();
        foreach (var claim in claims.OrderBy(claim => claim.HasBegun ? 0 : 1).ThenBy(claim => claim.From).ThenBy(claim => claim.Id))
        {
            if (FirstFree(claim, windows) is { } window)
            {
                windows.Add(window);
            }
        }

        return ([.. windows], [.. windows.SelectMany(window => claims.Select(claim => AdditionOf(claim, window)).OfType<FeatureAddition>())]);
    }

    /// <summary>Two claims of which the other is in force at the same time, from <paramref name="now"/> on.</summary>
    public static bool Overlap(IReadOnlyCollection<FeatureClaim> claims, Instant now) => claims.Any(one => claims.Any(other =>
        one.Id.CompareTo(other.Id) < 0 && Intersect(one.From, one.To, other.From, other.To) is { } shared && !(shared.To <= now)));

    private static FeatureWindow? FirstFree(FeatureClaim claim, List<FeatureWindow> windows)
    {
        var from = claim.From;
        while (windows.FirstOrDefault(window => window.From <= from && !(window.To <= from)) is { } covering)
        {
            if (covering.To is not { } end || claim.To <= end)
            {
                return null;
            }

            from = end;
        }

        var next = windows.Where(window => window.From > from).Select(window => (Instant?)window.From).Min();
        return claim.To <= from ? null : new FeatureWindow(claim, from, Earlier(claim.To, next));
    }

    private static FeatureAddition? AdditionOf(FeatureClaim claim, FeatureWindow window) =>
        claim.Id != window.Claim.Id && Intersect(claim.From, claim.To, window.From, window.To) is { } shared
            ? new FeatureAddition(claim, window.Claim, shared.From, shared.To)
            : null;

    private static (Instant From, Instant? To)? Intersect(Instant from, Instant? to, Instant otherFrom, Instant? otherTo)
    {
        var (start, end) = (Instant.Max(from, otherFrom), Earlier(to, otherTo));
        return end <= start ? null : (start, end);
    }

    private static Instant? Earlier(Instant? left, Instant? right) => left is { } a && right is { } b ? Instant.Min(a, b) : left ?? right;
}

/// <summary>Somebody entitles the customer to the feature in [From, To).</summary>
/// <param name="Id">Of the entitlement that it is, or would be.</param>
/// <param name="HasBegun">It is the entitlement in force, or was.</param>
internal sealed record FeatureClaim(Guid Id, Instant From, Instant? To, bool HasBegun);

/// <summary>The stretch in which a claim is the entitlement.</summary>
internal sealed record FeatureWindow(FeatureClaim Claim, Instant From, Instant? To);

/// <summary>The stretch in which a claim adds to the entitlement that another one is.</summary>
internal sealed record FeatureAddition(FeatureClaim Claim, FeatureClaim To, Instant From, Instant? Until);
