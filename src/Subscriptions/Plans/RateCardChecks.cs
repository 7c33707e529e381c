using System.Collections.Immutable;
using Metering.Rating;
using Metering.Subscriptions.Plans.Prices;
using Metering.Subscriptions.Wire;

namespace Metering.Subscriptions.Plans;

/// <summary>What can be wrong with a rate card.</summary>
internal static class RateCardChecks
{
    /// <returns>Its price; null when it costs nothing or something is wrong with it.</returns>
    public static Price? Check(RateCardBody card, string at, ImmutableDictionary<string, MeteredFeature> features, PlanFindings findings)
    {
        var errors = findings.Errors;
        Texts.Key(card.Key, $"{at}/key", errors);
        Texts.Name(card.Name, $"{at}/name", errors);
        Texts.Description(card.Description, $"{at}/description", errors);
        Metadata.Check(card.Metadata, $"{at}/metadata", errors);
        card.TaxConfig?.Check($"{at}/taxConfig", errors);
        if (card.BillingCadence is not null)
        {
            PlanChecks.CheckCadence(card.BillingCadence, $"{at}/billingCadence", errors);
        }

        var feature = card.FeatureKey is null ? null : features.GetValueOrDefault(card.FeatureKey);
        errors.AddIf(
            card.FeatureKey is not null && feature is null, $"{at}/featureKey", "unknown_feature",
            "There is no feature with this key, or it is archived.");
        CheckType(card, feature, at, errors);
        var price = PriceTerms.Check(card, at, findings);
        if (price is not null && feature is { Row.MeterSlug: not null })
        {
            CheckMeter(price, feature, at, errors);
        }

        if (card.EntitlementTemplate is { } template)
        {
            errors.AddIf(card.FeatureKey is null, $"{at}/featureKey", "required", "An entitlement needs the feature it is for.");
            EntitlementChecks.Check(template, feature?.Row, $"{at}/entitlementTemplate", errors);
        }

        return price;
    }

    private static void CheckType(RateCardBody card, MeteredFeature? feature, string at, FieldErrors errors)
    {
        switch (card.Type)
        {
            case "flat_fee":
                errors.AddIf(
                    card.Price is { Type: not "flat" and var type } && PriceTypes.Find(type) is not null, $"{at}/price/type", "not_allowed",
                    "The price of a flat fee is flat.");
                errors.AddIf(card.Discounts?.Usage is not null, $"{at}/discounts/usage", "not_allowed", "A flat fee has no usage to discount.");
                errors.AddIf(card.UnitConfig is not null, $"{at}/unitConfig", "not_allowed", "A flat fee has no units to convert.");
                break;
            case "usage_based":
                errors.AddIf(card.BillingCadence is null, $"{at}/billingCadence", "required", "Usage is billed by periods and needs a cadence.");
                errors.AddIf(card.FeatureKey is null, $"{at}/featureKey", "required", "A usage-based card names the feature whose use it bills.");
                errors.AddIf(
                    feature is { Row.MeterSlug: null }, $"{at}/featureKey", "feature_without_meter",
                    "The feature has no meter, so its use is not measured.");
                break;
            default:
                errors.Add($"{at}/type", "unknown_rate_card_type", "A rate card is flat_fee or usage_based.");
                break;
        }
    }

    /// <summary>Whether the meter measures what the price is about.</summary>
    private static void CheckMeter(Price price, MeteredFeature feature, string at, FieldErrors errors)
    {
        var isOfAmounts = price is Price.Percentage or Price.GraduatedPercentage or Price.Dynamic { MarkupPerTransaction: > 0m };
        errors.AddIf(
            isOfAmounts && feature.Row.Aggregation != "Sum", $"{at}/featureKey", "feature_without_amounts",
            "This price is a share of amounts; the feature's meter has to sum them, one event for each transaction.");
        if (price is not Price.Dimensional matrix)
        {
            return;
        }

        foreach (var (i, name) in matrix.Dimensions.Index())
        {
            errors.AddIf(
                !feature.Dimensions.Contains(name), $"{at}/price/dimensions/{i}", "unknown_dimension",
                feature.Dimensions.IsEmpty
                    ? "The feature's meter has no group-by."
                    : $"The meter groups by {string.Join(", ", feature.Dimensions)}.");
        }

        errors.AddIf(
            matrix.Pooling == Pooling.AcrossGroups && !feature.Row.CountsUnits, $"{at}/price/pooling", "not_applicable",
            "Only what a meter sums or counts can be pooled.");
    }
}
