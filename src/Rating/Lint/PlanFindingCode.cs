namespace Metering.Rating;

/// <summary>What the plan linter finds. Stable: documents and suppressions refer to the names in snake case.</summary>
public enum PlanFindingCode
{
    /// <summary>A tier begins above the end of the one before it: quantities between them have no price.</summary>
    TierGap,

    /// <summary>A tier begins below the end of the one before it: quantities in both have two prices.</summary>
    TierOverlap,

    /// <summary>The last tier has an upper bound: larger quantities have no price.</summary>
    OpenTierMissing,

    /// <summary>No quantity is in the tier: it follows an open one, or ends where the one before it ends or earlier.</summary>
    TierUnreachable,

    /// <summary>Under a volume price, a little more usage costs less: 16 units cost less than 15.</summary>
    PriceFallsAtBoundary,

    /// <summary>The minimum of a rate card is above its maximum.</summary>
    MinimumAboveMaximum,

    /// <summary>A combination of dimension values that is known to occur has no price and no default.</summary>
    UnpricedDimensionValue,

    /// <summary>A rate card is in another currency than its plan.</summary>
    CurrencyMismatch,

    /// <summary>Neither does the cadence of a rate card divide the plan's, nor the plan's the rate card's: their bills drift apart.</summary>
    CadenceNotDividing,

    /// <summary>At some quantity the customer pays less than the usage costs.</summary>
    NegativeMargin,
}
