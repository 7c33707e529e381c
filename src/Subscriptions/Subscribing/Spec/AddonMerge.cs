using System.Globalization;
using Metering.Rating;
using Metering.Subscriptions.Plans;

namespace Metering.Subscriptions.Subscribing.Spec;

/// <summary>
/// What an add-on makes of an item with the same key: fees and whole allowances add up, as often as the add-on is had. Without such an item its
/// card is one of its own.
/// </summary>
internal static class AddonMerge
{
    public const int MaxQuantity = 1_000_000;

    /// <summary>Null when the two go together; otherwise why not.</summary>
    public static string? Refuse(RateCardBody? card, RateCardBody addon, int quantity)
    {
        var amount = (card?.Price?.Amount ?? 0m) + ((addon.Price is { Type: "flat" } fee ? fee.Amount ?? 0m : 0m) * quantity);
        var issued = (card?.EntitlementTemplate?.IssueAfterReset ?? 0m) + ((addon.EntitlementTemplate?.IssueAfterReset ?? 0m) * quantity);
        if (amount > RatingBounds.AmountMax || issued > EntitlementChecks.MaxAllowance)
        {
            return $"'{addon.Key}' would come to more than can be billed or counted.";
        }

        if (card is null)
        {
            return null;
        }

        if (card.FeatureKey != addon.FeatureKey && card.FeatureKey is not null && addon.FeatureKey is not null)
        {
            return $"The plan's item '{addon.Key}' is for another feature.";
        }

        return (card.Price, addon.Price) switch
        {
            ({ } price, { } more) when price.Type != "flat" || more.Type != "flat" => $"Only fees add up, and '{addon.Key}' is priced by usage.",
            ({ } price, { } more) when card.BillingCadence != addon.BillingCadence || TermOf(price) != TermOf(more) =>
                $"The fees of '{addon.Key}' fall due at different times.",
            _ => (card.EntitlementTemplate, addon.EntitlementTemplate) switch
            {
                ({ Type: "metered" }, { Type: "metered" }) or ({ Type: "boolean" }, { Type: "boolean" }) or (null, _) or (_, null) => null,
                _ => $"The entitlements of '{addon.Key}' do not add up.",
            },
        };
    }

    /// <summary>Null when every add-on goes with all that it meets under its keys, in every quantity; otherwise why not.</summary>
    public static string? RefuseAny(SubscriptionSpec spec) => (
        from phase in spec.Phases
        let addons = spec.AddonsOf(phase)
        from addon in addons
        from card in addon.Cards
        let others = phase.Cards.Where(sold => sold.Key == card.Card.Key).Select(sold => (RateCardBody?)sold.Card.Card)
            .Concat(addons.Where(other => other.Id != addon.Id).SelectMany(other => other.Cards)
                .Where(other => other.Card.Key == card.Card.Key).Select(other => (RateCardBody?)other.Card))
        from other in others.DefaultIfEmpty()
        let most = addon.Timeline.Max(segment => segment.Quantity)
        select Refuse(other, card.Card, most)).FirstOrDefault(reason => reason is not null);

    /// <summary>For two that <see cref="Refuse"/> has nothing against.</summary>
    public static BoundCard Combine(BoundCard? bound, BoundCard addon, int quantity)
    {
        if (bound is not { Card: var card })
        {
            return addon with { Card = Times(addon.Card, quantity) };
        }

        var more = Times(addon.Card, quantity);
        return new BoundCard(
            card with
            {
                Type = card.Price is null ? more.Type : card.Type,
                BillingCadence = card.Price is null && more.Price is not null ? more.BillingCadence : card.BillingCadence,
                Price = card.Price is { } price && more.Price is { } extra
                    ? price with { Amount = price.Amount + extra.Amount }
                    : card.Price ?? more.Price,
                FeatureKey = card.FeatureKey ?? more.FeatureKey,
                EntitlementTemplate = Sum(card.EntitlementTemplate, more.EntitlementTemplate),
                Discounts = card.Price is null ? more.Discounts ?? card.Discounts : card.Discounts,
                TaxConfig = card.Price is null ? more.TaxConfig ?? card.TaxConfig : card.TaxConfig,
            },
            bound.FeatureId ?? addon.FeatureId);
    }

    private static RateCardBody Times(RateCardBody card, int quantity) => quantity == 1 ? card : card with
    {
        Name = $"{card.Name} × {quantity.ToString(CultureInfo.InvariantCulture)}",
        Price = card.Price is { Type: "flat" } fee ? fee with { Amount = fee.Amount * quantity } : card.Price,
        EntitlementTemplate = card.EntitlementTemplate is { IssueAfterReset: { } issued } template
            ? template with { IssueAfterReset = issued * quantity }
            : card.EntitlementTemplate,
    };

    private static EntitlementTemplateBody? Sum(EntitlementTemplateBody? one, EntitlementTemplateBody? other) =>
        one is { Type: "metered" } && other is { Type: "metered" }
            ? one with { IssueAfterReset = (one.IssueAfterReset ?? 0m) + (other.IssueAfterReset ?? 0m) }
            : one ?? other;

    private static string TermOf(PriceBody price) => price.PaymentTerm ?? "in_advance";
}
