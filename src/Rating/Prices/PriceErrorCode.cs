namespace Metering.Rating;

/// <summary>What is wrong with a price or its terms. Stable: callers map these to the codes of their problem documents.</summary>
public enum PriceErrorCode
{
    /// <summary>An amount or quantity is below zero.</summary>
    Negative,

    /// <summary>A quantity that divides or bounds is zero or below.</summary>
    NotPositive,

    /// <summary>A figure is beyond <see cref="RatingBounds"/>.</summary>
    TooLarge,

    /// <summary>A figure has more than <see cref="RatingBounds.DecimalsMax"/> decimals.</summary>
    TooManyDecimals,

    /// <summary>A tiered price has no tier.</summary>
    NoTiers,

    /// <summary>A tiered price has more than <see cref="RatingBounds.TiersMax"/> tiers.</summary>
    TooManyTiers,

    /// <summary>The last tier has an upper bound, so larger usage would have no price.</summary>
    LastTierNotOpen,

    /// <summary>A tier before the last has no upper bound, so those after it can never be reached.</summary>
    OpenTierNotLast,

    /// <summary>A tier's upper bound is not above the one before it.</summary>
    TiersNotAscending,

    /// <summary>A percentage is not between 0 and 100.</summary>
    NotAPercentage,

    /// <summary>The minimum amount is above the maximum amount.</summary>
    MinimumAboveMaximum,

    /// <summary>Two things that cannot be had together, such as a unit conversion and a package price.</summary>
    NotApplicable,

    /// <summary>Two cells of a dimensional price are for the same values.</summary>
    DuplicateCell,

    /// <summary>A dimensional price has no cell and no default, more cells or dimensions than allowed, or a cell that does not fit them.</summary>
    CellsNotInDimensions,
}
