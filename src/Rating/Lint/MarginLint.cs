using System.Collections.Immutable;

namespace Metering.Rating;

/// <summary>Whether there is a quantity at which the customer pays less than the usage costs.</summary>
/// <remarks>
/// A piecewise straight line stays above another when it does so at every corner and in the last direction; so only the ends of tiers are
/// looked at. Whole packages are compared. Included units of an overage are a decision of the seller and not reported.
/// </remarks>
internal static class MarginLint
{
    public static void Check(RateCardDraft card, string pointer, Findings findings)
    {
        var keeps = (100m - card.PercentageDiscount) / 100m;
        if (card.Price is { } price)
        {
            CheckPrice(price, card.UnitCost, keeps, pointer, findings);
        }
        else if (card is { Tiered: { } tiered, UnitCost: { } cost })
        {
            CheckTiers(tiered.Tiers, tiered.IsVolume, cost, keeps, pointer, findings);
        }
    }

    private static void CheckPrice(Price price, decimal? unitCost, decimal keeps, string pointer, Findings findings)
    {
        switch (price, unitCost)
        {
            case (Price.Dynamic plus, _) when (plus.Multiplier + (plus.MarkupPercentage / 100m)) * keeps < 1m:
                findings.Warning(PlanFindingCode.NegativeMargin, $"{pointer}/multiplier", "The customer pays less than the amount that was metered.");
                break;
            case (Price.PerUnit unit, { } cost) when unit.Amount * keeps < cost:
                Report($"{pointer}/amount", unit.Amount * keeps, cost, findings);
                break;
            case (Price.Package package, { } cost) when package.Amount * keeps < cost * package.QuantityPerPackage:
                Report($"{pointer}/amount", package.Amount * keeps / package.QuantityPerPackage, cost, findings);
                break;
            case (Price.Graduated graduated, { } cost):
                CheckTiers(DraftOf(graduated.Tiers), isVolume: false, cost, keeps, pointer, findings);
                break;
            case (Price.Volume volume, { } cost):
                CheckTiers(DraftOf(volume.Tiers), isVolume: true, cost, keeps, pointer, findings);
                break;
            case (Price.Overage overage, _):
                CheckPrice(overage.Beyond, unitCost, keeps, $"{pointer}/beyond", findings);
                break;
            case (Price.Dimensional matrix, _):
                for (var i = 0; i < matrix.Cells.Length; i++)
                {
                    CheckPrice(matrix.Cells[i].Price, unitCost, keeps, $"{pointer}/cells/{i}/price", findings);
                }

                if (matrix.Default is { } fallback)
                {
                    CheckPrice(fallback, unitCost, keeps, $"{pointer}/default", findings);
                }

                break;
        }
    }

    private static void CheckTiers(
        ImmutableArray<TierDraft> tiers, bool isVolume, decimal cost, decimal keeps, string pointer, Findings findings)
    {
        var (from, paid) = (0m, 0m);
        for (var i = 0; i < tiers.Length; i++)
        {
            // What is paid at the end of the tier. An open tier has no end, only a direction. Its beginning needs no look: a loss there is one at
            // the end of this tier or of the one before, because flat amounts are not below zero.
            var tier = tiers[i];
            var entered = tier.FlatAmount + (isVolume ? tier.UnitAmount * from : paid);
            var upTo = Math.Max(from, tier.UpTo ?? from);
            var atEnd = entered + (tier.UnitAmount * (upTo - from));
            var loses = atEnd * keeps < cost * upTo || (tier.UpTo is null && tier.UnitAmount * keeps < cost);
            if (loses)
            {
                Report($"{pointer}/tiers/{i}/unitAmount", tier.UnitAmount * keeps, cost, findings);
                return;
            }

            (from, paid) = (upTo, atEnd);
        }
    }

    private static void Report(string pointer, decimal paid, decimal cost, Findings findings) => findings.Warning(
        PlanFindingCode.NegativeMargin,
        pointer,
        $"The customer pays {AmountText.Quantity(paid)} for a unit that costs {AmountText.Quantity(cost)}; from some quantity on that is a loss.");

    private static ImmutableArray<TierDraft> DraftOf(ImmutableArray<PriceTier> tiers) =>
        [.. tiers.Select(tier => new TierDraft(null, tier.UpTo, tier.FlatAmount, tier.UnitAmount))];
}
