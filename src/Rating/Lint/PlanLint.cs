using System.Collections.Immutable;

namespace Metering.Rating;

/// <summary>Reads a plan for what is well formed and still wrong: prices that leave quantities out, contradict each other, or surprise.</summary>
public static class PlanLint
{
    /// <summary>What there is to say about a plan, in the order of its rate cards; empty when nothing.</summary>
    public static ImmutableArray<PlanFinding> Check(PlanDraft plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        var findings = new Findings();
        for (var i = 0; i < plan.RateCards.Length; i++)
        {
            var (card, pointer) = (plan.RateCards[i], $"/rateCards/{i}");
            CheckCard(plan, card, pointer, findings);
            if (card.Tiered is { } tiered)
            {
                TierLint.Check(tiered, $"{pointer}/price", findings);
            }

            if (card.Price is { } price)
            {
                CheckPrice(card, price, $"{pointer}/price", findings);
            }

            MarginLint.Check(card, $"{pointer}/price", findings);
        }

        return findings.ToImmutable();
    }

    private static void CheckCard(PlanDraft plan, RateCardDraft card, string pointer, Findings findings)
    {
        if (card.Currency is { } currency && currency != plan.Currency)
        {
            findings.Error(
                PlanFindingCode.CurrencyMismatch, $"{pointer}/currency", $"The rate card is in {currency} and the plan in {plan.Currency}.");
        }

        if (card.Cadence is { } cadence && !cadence.Divides(plan.BillingCadence) && !plan.BillingCadence.Divides(cadence))
        {
            findings.Error(
                PlanFindingCode.CadenceNotDividing,
                $"{pointer}/billingCadence",
                $"{cadence} does not divide the plan's {plan.BillingCadence}, nor the other way round.");
        }

        if (card.MinimumAmount > card.MaximumAmount)
        {
            findings.Error(
                PlanFindingCode.MinimumAboveMaximum,
                $"{pointer}/minimumAmount",
                $"The minimum {card.MinimumAmount} is above the maximum {card.MaximumAmount}.");
        }
    }

    private static void CheckPrice(RateCardDraft card, Price price, string pointer, Findings findings)
    {
        switch (price)
        {
            case Price.Volume volume:
                TierLint.Check(DraftOf(volume), pointer, findings);
                break;
            case Price.Overage overage:
                CheckPrice(card, overage.Beyond, $"{pointer}/beyond", findings);
                break;
            case Price.Dimensional matrix:
                for (var i = 0; i < matrix.Cells.Length; i++)
                {
                    CheckPrice(card, matrix.Cells[i].Price, $"{pointer}/cells/{i}/price", findings);
                }

                if (matrix.Default is { } fallback)
                {
                    CheckPrice(card, fallback, $"{pointer}/default", findings);
                }

                foreach (var values in card.KnownValues.Where(values => matrix.PriceOf(values) is null))
                {
                    findings.Error(
                        PlanFindingCode.UnpricedDimensionValue,
                        $"{pointer}/cells",
                        $"There is no price for {GroupName.Of(matrix.Dimensions, values!)}, and no default.");
                }

                break;
        }
    }

    /// <summary>The tiers of a price that exists: sound, and still worth reading.</summary>
    internal static TieredDraft DraftOf(Price.Volume volume) =>
        new(IsVolume: true, [.. volume.Tiers.Select(tier => new TierDraft(null, tier.UpTo, tier.FlatAmount, tier.UnitAmount))]);
}
