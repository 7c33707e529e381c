using System.Collections.Immutable;
using Metering.Platform.Problems;
using Metering.Rating;
using Metering.Subscriptions.Wire;

namespace Metering.Subscriptions.Plans;

/// <summary>What there is to say about a plan, by what follows from it.</summary>
internal sealed class PlanFindings
{
    /// <summary>The document makes no sense: it is not even kept as a draft.</summary>
    public FieldErrors Errors { get; } = new();

    /// <summary>The document can be kept and mended; as it is it cannot be sold.</summary>
    public FieldErrors Unsellable { get; } = new();

    /// <summary>It can be sold, and somebody should know.</summary>
    public FieldErrors Warnings { get; } = new();

    /// <summary>Everything that stops a publication.</summary>
    public ImmutableArray<FieldError> AgainstPublishing => [.. Errors.All, .. Unsellable.All];

    /// <summary>Rating's faults, at the fields of the document. What figures contradict in each other may be worked on in a draft.</summary>
    public void Add(ImmutableArray<PriceError> faults, string pointer, Func<string, string> fieldOf)
    {
        foreach (var fault in faults)
        {
            var errors = IsContradiction(fault.Code) ? Unsellable : Errors;
            errors.Add(pointer + fieldOf(fault.Pointer), CodeOf(fault.Code), fault.Message);
        }
    }

    public static string CodeOf(PlanFindingCode code) => code switch
    {
        PlanFindingCode.TierGap => "tier_gap",
        PlanFindingCode.TierOverlap => "tier_overlap",
        PlanFindingCode.OpenTierMissing => "open_tier_missing",
        PlanFindingCode.TierUnreachable => "tier_unreachable",
        PlanFindingCode.PriceFallsAtBoundary => "price_falls_at_boundary",
        PlanFindingCode.MinimumAboveMaximum => "minimum_above_maximum",
        PlanFindingCode.UnpricedDimensionValue => "unpriced_dimension_value",
        PlanFindingCode.CurrencyMismatch => "currency_mismatch",
        PlanFindingCode.CadenceNotDividing => "cadence_not_dividing",
        PlanFindingCode.NegativeMargin => "negative_margin",
    };

    private static bool IsContradiction(PriceErrorCode code) => code
        is PriceErrorCode.NoTiers
        or PriceErrorCode.LastTierNotOpen
        or PriceErrorCode.OpenTierNotLast
        or PriceErrorCode.TiersNotAscending
        or PriceErrorCode.MinimumAboveMaximum
        or PriceErrorCode.DuplicateCell;

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
