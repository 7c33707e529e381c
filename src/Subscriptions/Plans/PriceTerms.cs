using System.Collections.Immutable;
using Metering.Rating;
using Metering.Subscriptions.Wire;

namespace Metering.Subscriptions.Plans;

/// <summary>A rate card's price and discounts as rating understands them. Faults are told at the fields of the document.</summary>
internal static class PriceTerms
{
    /// <summary>The price of a card that was checked; null when it costs nothing.</summary>
    public static Price? PriceOf(RateCardBody card) => card.Price switch
    {
        null => null,
        { Type: "flat", PaymentTerm: "in_arrears" } price => new Price.Flat(price.Amount!.Value, PaymentTerm.InArrears),
        { Type: "flat" } price => new Price.Flat(price.Amount!.Value, PaymentTerm.InAdvance),
        { Type: "unit" } price => new Price.PerUnit(price.Amount!.Value),
        { Type: "package" } price => new Price.Package(price.Amount!.Value, price.QuantityPerPackage!.Value),
        { Type: "tiered", Mode: "graduated" } price => new Price.Graduated(TiersOf(price)),
        { Type: "tiered" } price => new Price.Volume(TiersOf(price)),
        { } price => throw new InvalidOperationException($"A price of type '{price.Type}' passed the checks."),
    };

    /// <summary>The discounts and commitments of a card that was checked.</summary>
    public static RateCardTerms TermsOf(RateCardBody card) => new(
        card.Discounts?.Usage?.Quantity ?? 0m, card.Discounts?.Percentage?.Percentage ?? 0m, card.Price?.MaximumAmount, card.Price?.MinimumAmount);

    public static void Check(RateCardBody card, string pointer, FieldErrors errors)
    {
        if (card.Price is { } price)
        {
            CheckPrice(price, $"{pointer}/price", errors);
        }

        var terms = RateCardTerms.Check(
            card.Discounts?.Usage?.Quantity ?? 0m, card.Discounts?.Percentage?.Percentage ?? 0m,
            card.Price?.MaximumAmount, card.Price?.MinimumAmount);
        AddRatingErrors(terms, pointer, errors);
    }

    private static void CheckPrice(PriceBody price, string pointer, FieldErrors errors)
    {
        ImmutableArray<string> allowed = price.Type switch
        {
            "flat" => ["amount", "paymentTerm"],
            "unit" => ["amount", "minimumAmount", "maximumAmount"],
            "package" => ["amount", "quantityPerPackage", "minimumAmount", "maximumAmount"],
            "tiered" => ["mode", "tiers", "minimumAmount", "maximumAmount"],
            _ => [],
        };
        if (allowed.IsEmpty)
        {
            errors.Add($"{pointer}/type", "unknown_price_type", "A price is one of flat, unit, tiered and package.");
            return;
        }

        (string Field, bool Present, bool Required)[] fields =
        [
            ("amount", price.Amount is not null, true), ("paymentTerm", price.PaymentTerm is not null, false),
            ("mode", price.Mode is not null, true), ("tiers", price.Tiers is not null, true),
            ("quantityPerPackage", price.QuantityPerPackage is not null, true),
            ("minimumAmount", price.MinimumAmount is not null, false), ("maximumAmount", price.MaximumAmount is not null, false),
        ];
        var complete = true;
        foreach (var (field, present, required) in fields)
        {
            var isAllowed = allowed.Contains(field);
            errors.AddIf(present && !isAllowed, $"{pointer}/{field}", "not_allowed", $"A price of type {price.Type} has no {field}.");
            errors.AddIf(!present && isAllowed && required, $"{pointer}/{field}", "required", $"A price of type {price.Type} needs its {field}.");
            complete &= present || !isAllowed || !required;
        }

        errors.AddIf(
            price.PaymentTerm is not (null or "in_advance" or "in_arrears"), $"{pointer}/paymentTerm", "unknown_payment_term",
            "A payment term is in_advance or in_arrears.");
        errors.AddIf(
            price.Mode is not (null or "graduated" or "volume"), $"{pointer}/mode", "unknown_mode", "Tiers are graduated or volume.");
        if (complete)
        {
            CheckFigures(price, pointer, errors);
        }
    }

    private static void CheckFigures(PriceBody price, string pointer, FieldErrors errors)
    {
        if (price.Type == "tiered" && !CheckTierPrices(price.Tiers!.Value, pointer, errors))
        {
            return;
        }

        var found = price.Type switch
        {
            "flat" => Price.Flat.Check(price.Amount!.Value),
            "unit" => Price.PerUnit.Check(price.Amount!.Value),
            "package" => Price.Package.Check(price.Amount!.Value, price.QuantityPerPackage!.Value),
            _ => Price.Graduated.Check(TiersOf(price)),
        };
        foreach (var error in found)
        {
            errors.Add($"{pointer}{error.Pointer.Replace("/upTo", "/upToAmount", StringComparison.Ordinal)
                .Replace("/flatAmount", "/flatPrice/amount", StringComparison.Ordinal)
                .Replace("/unitAmount", "/unitPrice/amount", StringComparison.Ordinal)}", CodeOf(error.Code), error.Message);
        }
    }

    private static bool CheckTierPrices(ImmutableArray<TierBody> tiers, string pointer, FieldErrors errors)
    {
        var sound = true;
        foreach (var (i, tier) in tiers.Take(RatingBounds.TiersMax).Index())
        {
            var at = $"{pointer}/tiers/{i}";
            if (tier is null || (tier.FlatPrice is null && tier.UnitPrice is null))
            {
                errors.Add(at, "required", "A tier has a flat price, a unit price, or both; an included tier has a unit price of 0.");
                sound = false;
                continue;
            }

            errors.AddIf(tier.FlatPrice is { Type: not "flat" }, $"{at}/flatPrice/type", "unknown_price_type", "The type of a flat price is flat.");
            errors.AddIf(tier.UnitPrice is { Type: not "unit" }, $"{at}/unitPrice/type", "unknown_price_type", "The type of a unit price is unit.");
        }

        return sound;
    }

    private static ImmutableArray<PriceTier> TiersOf(PriceBody price) =>
        [.. price.Tiers!.Value.Select(tier => new PriceTier(tier.UpToAmount, tier.FlatPrice?.Amount ?? 0m, tier.UnitPrice?.Amount ?? 0m))];

    private static void AddRatingErrors(ImmutableArray<PriceError> found, string pointer, FieldErrors errors)
    {
        foreach (var error in found)
        {
            var field = error.Pointer switch
            {
                "/usageDiscount" => "/discounts/usage/quantity",
                "/percentageDiscount" => "/discounts/percentage/percentage",
                var amount => "/price" + amount,
            };
            errors.Add(pointer + field, CodeOf(error.Code), error.Message);
        }
    }

    private static string CodeOf(PriceErrorCode code) => code switch
    {
        PriceErrorCode.Negative => "negative",
        PriceErrorCode.NotPositive => "not_positive",
        PriceErrorCode.TooLarge => "too_large",
        PriceErrorCode.TooManyDecimals => "too_many_decimals",
        PriceErrorCode.NoTiers => "no_tiers",
        PriceErrorCode.TooManyTiers => "too_many_tiers",
        PriceErrorCode.LastTierNotOpen => "last_tier_not_open",
        PriceErrorCode.OpenTierNotLast => "open_tier_not_last",
        PriceErrorCode.TiersNotAscending => "tiers_not_ascending",
        PriceErrorCode.NotAPercentage => "not_a_percentage",
        PriceErrorCode.MinimumAboveMaximum => "minimum_above_maximum",
        PriceErrorCode.NotApplicable => "not_applicable",
        PriceErrorCode.DuplicateCell => "duplicate_cell",
        PriceErrorCode.CellsNotInDimensions => "cells_not_in_dimensions",
    };
}
