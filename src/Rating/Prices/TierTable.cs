using System.Collections.Immutable;

namespace Metering.Rating;

/// <summary>What graduated and volume prices share: the check of a list of tiers, and the same list made ready for charging.</summary>
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
                checks.AddIf(!isLast, PriceErrorCode.OpenTierNotLast, $"{pointer}/upTo", "Only the last tier is open; this hides those after.");
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

    /// <summary>The steps of checked tiers, named once here rather than at every rating.</summary>
    /// <param name="tiers">Tiers without errors.</param>
    /// <param name="model">What child references begin with: <c>graduated</c>.</param>
    /// <param name="naming">What a charge is called within given bounds.</param>
    public static ImmutableArray<TierStep> StepsOf(ImmutableArray<PriceTier> tiers, string model, Func<TierBounds, string> naming)
    {
        var steps = ImmutableArray.CreateBuilder<TierStep>(tiers.Length);
        var from = 0m;
        foreach (var tier in tiers)
        {
            var bounds = new TierBounds(steps.Count + 1, from, tier.UpTo);
            var (reference, name) = ($"{model}-tier-{bounds.Number}", naming(bounds));
            steps.Add(new TierStep(bounds, tier.UnitAmount, tier.FlatAmount, $"{reference}-unit", name, $"{reference}-flat", $"{name}, flat"));
            from = tier.UpTo ?? from;
        }

        return steps.MoveToImmutable();
    }

    /// <summary>Charges each tier that was entered for the quantity that lies in it.</summary>
    public static void ChargeEachTier(Tally tally, ImmutableArray<TierStep> steps, TierEntry firstTier, ChargeRule unitRule, ChargeRule flatRule)
    {
        var reached = tally.Reached;
        if (reached == 0m && firstTier == TierEntry.OnFirstUse)
        {
            return;
        }

        var below = 0m;
        foreach (var step in steps)
        {
            var (from, upTo) = (step.Bounds.From, step.Bounds.UpTo);
            if (from > 0m && reached <= from)
            {
                return;
            }

            var charged = below;
            below = upTo is { } bound ? tally.QuantityBelow(bound) : tally.Quantity;
            tally.AddUnits(unitRule, step.UnitReference, step.UnitName, below - charged, step.UnitAmount, step.Bounds);
            tally.AddFlat(flatRule, step.FlatReference, step.FlatName, step.FlatAmount, step.Bounds);
        }
    }

    public static int HashOf<TTier>(ImmutableArray<TTier> tiers)
    {
        var hash = default(HashCode);
        foreach (var tier in tiers)
        {
            hash.Add(tier);
        }

        return hash.ToHashCode();
    }
}
