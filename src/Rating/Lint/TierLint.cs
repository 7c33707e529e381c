namespace Metering.Rating;

/// <summary>Whether tiers cover every quantity exactly once, and whether more ever costs less.</summary>
internal static class TierLint
{
    public static void Check(TieredDraft price, string pointer, Findings findings)
    {
        var tiers = price.Tiers;
        var reached = 0m;
        var isOpen = false;
        for (var i = 0; i < tiers.Length; i++)
        {
            var (tier, at) = (tiers[i], $"{pointer}/tiers/{i}");
            CheckBeginning(tier, reached, isOpen, at, findings);
            if (isOpen || tier.UpTo <= reached)
            {
                findings.Error(PlanFindingCode.TierUnreachable, at, "No quantity is in this tier: the tiers before it cover all that it does.");
            }

            isOpen |= tier.UpTo is null;
            reached = Math.Max(reached, tier.UpTo ?? reached);
            if (price.IsVolume && i + 1 < tiers.Length && tier.UpTo is { } bound)
            {
                CheckFall(tier, tiers[i + 1], bound, $"{pointer}/tiers/{i + 1}", findings);
            }
        }

        if (!isOpen)
        {
            findings.Error(
                PlanFindingCode.OpenTierMissing, $"{pointer}/tiers",
                    $"Quantities above {AmountText.Quantity(reached)} have no price; open the last tier.");
        }
    }

    private static void CheckBeginning(TierDraft tier, decimal reached, bool isOpen, string at, Findings findings)
    {
        if (isOpen || tier.From is not { } from)
        {
            return;
        }

        if (from > reached)
        {
            findings.Error(
                PlanFindingCode.TierGap,
                $"{at}/from",
                $"Quantities above {AmountText.Quantity(reached)} up to {AmountText.Quantity(from)} have no price; tiers lie on a line of decimals.");
        }
        else if (from < reached)
        {
            findings.Error(
                PlanFindingCode.TierOverlap,
                $"{at}/from",
                $"Quantities above {AmountText.Quantity(from)} up to {AmountText.Quantity(reached)} have two prices.");
        }
    }

    private static void CheckFall(TierDraft tier, TierDraft next, decimal bound, string at, Findings findings)
    {
        var upTo = tier.FlatAmount + (tier.UnitAmount * bound);
        var above = next.FlatAmount + (next.UnitAmount * bound);
        if (above < upTo)
        {
            findings.Warning(
                PlanFindingCode.PriceFallsAtBoundary,
                at,
                $"{AmountText.Quantity(bound)} units cost {AmountText.Quantity(upTo)}, "
                + $"and the first above them make it {AmountText.Quantity(above)}.");
        }
    }
}
