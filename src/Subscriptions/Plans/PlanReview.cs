using System.Collections.Immutable;
using Metering.Rating;
using Metering.Subscriptions.Plans.Prices;
using Metering.Subscriptions.Wire;

namespace Metering.Subscriptions.Plans;

/// <summary>Reads a phase as the rating core's linter does, and tells what it finds at the fields of the document.</summary>
internal static class PlanReview
{
    /// <param name="prices">The price of each rate card of the phase; null when it costs nothing or is wrong.</param>
    public static void Check(PlanBody plan, PhaseBody phase, ImmutableArray<Price?> prices, string at, PlanFindings findings)
    {
        if (!Currency.TryParse(plan.Currency, out var currency) || !Cadence.TryParse(plan.BillingCadence, out var cadence))
        {
            return;
        }

        var draft = new PlanDraft(currency, cadence, [.. prices.Zip(phase.RateCards, DraftOf)]);
        foreach (var finding in PlanLint.Check(draft))
        {
            var errors = finding.Severity == FindingSeverity.Error ? findings.Unsellable : findings.Warnings;
            errors.Add(at + FieldOf(phase, finding.Pointer), PlanFindings.CodeOf(finding.Code), finding.Message);
        }
    }

    private static RateCardDraft DraftOf(Price? price, RateCardBody? card) => new()
    {
        Price = price,
        Cadence = Cadence.TryParse(card?.BillingCadence, out var cadence) ? cadence : null,
        PercentageDiscount = card?.Discounts?.Percentage?.Percentage is { } percentage and >= 0m and <= 100m ? percentage : 0m,
        UnitCost = card?.UnitCost,
        KnownValues = price is Price.Dimensional ? DimensionalPriceType.KnownValuesOf(card!.Price!) : [],
    };

    /// <summary><c>/rateCards/0/price/tiers/1/unitAmount</c>: what lies within a price, its type knows.</summary>
    private static string FieldOf(PhaseBody phase, string pointer) =>
        pointer.Split('/', 5) is ["", "rateCards", var place, "price", var rest]
            ? $"/rateCards/{place}/price{PriceTypes.FieldOf(phase.RateCards[int.Parse(place, null)].Price!, "/" + rest)}"
            : pointer;
}
