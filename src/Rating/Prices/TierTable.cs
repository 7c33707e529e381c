using System.Collections.Immutable;

namespace Metering.Rating;

/// <summary>What graduated and volume prices share: the checks of a list of tiers, and the bounds of each.</summary>
internal static class TierTable
{
    public static ImmutableArray<PriceError> Check(ImmutableArray<PriceTier> tiers)
    {
        var checks = new PriceChecks();
        var count = tiers.IsDefault ? 0 : tiers.Length;
        checks.AddIf(count == 0, PriceErrorCode.NoTiers, "/tiers", "A tiered price needs at least one tier, and the last one is open.");
        checks.AddIf(count > RatingBounds.TiersMax, PriceErrorCode.TooManyTiers, "/tiers", $"A price has at most {RatingBounds.TiersMax} tiers.");
        if (count is 0 or > RatingBounds.TiersMax)
        {
            return checks.Errors;
        }

        var reached = 0m;
        for (var i = 0; i < count; i++)
        {
            var (tier, pointer, isLast) = (tiers[i], $"/tiers/{i}", i == count - 1);
            checks.Amount($"{pointer}/flatAmount", tier.FlatAmount).Amount($"{pointer}/unitAmount", tier.UnitAmount);
            if (tier.UpTo is not { } upTo)
            {
                checks.AddIf(!isLast, PriceErrorCode.OpenTierNotLast, $"{pointer}/upTo", "Only the last tier is open; this one hides those after it.");
                continue;
            }

            checks.PositiveQuantity($"{pointer}/upTo", upTo);
            checks.AddIf(isLast, PriceErrorCode.LastTierNotOpen, $"{pointer}/upTo", "The last tier must be open, or larger usage has no price.");
            checks.AddIf(
                upTo > 0m && upTo <= reached,
                PriceErrorCode.TiersNotAscending,
                $"{pointer}/upTo",
                $"A tier ends above the one before it, and {upTo} is not above {reached}.");
            reached = Math.Max(reached, upTo);
        }

        return checks.Errors;
    }

    /// <summary>The bounds of a tier: from the upper bound of the one before it, which is not included.</summary>
    public static TierBounds BoundsOf(ImmutableArray<PriceTier> tiers, int index) =>
        new(index + 1, index == 0 ? 0m : tiers[index - 1].UpTo!.Value, tiers[index].UpTo);

    public static int HashOf(ImmutableArray<PriceTier> tiers)
    {
        var hash = default(HashCode);
        foreach (var tier in tiers)
        {
            hash.Add(tier);
        }

        return hash.ToHashCode();
    }
}
