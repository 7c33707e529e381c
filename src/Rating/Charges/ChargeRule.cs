namespace Metering.Rating;

/// <summary>Which rule made a charge.</summary>
public enum ChargeRule
{
    /// <summary>The fee of a flat price.</summary>
    FlatFee,

    /// <summary>Quantity times unit price.</summary>
    PerUnit,

    /// <summary>Opened packages times package price.</summary>
    Package,

    /// <summary>The quantity within one tier of a graduated price times that tier's unit price.</summary>
    GraduatedTierUnit,

    /// <summary>The flat amount of a tier of a graduated price, due on entering it.</summary>
    GraduatedTierFlat,

    /// <summary>All usage times the unit price of the tier it reached.</summary>
    VolumeTierUnit,

    /// <summary>The flat amount of the tier that the period's usage reached.</summary>
    VolumeTierFlat,

    /// <summary>A percentage off the charges before it.</summary>
    PercentageDiscount,

    /// <summary>What is above the agreed maximum of the period, taken off.</summary>
    MaximumSpend,

    /// <summary>What is missing to the agreed minimum of the period.</summary>
    MinimumSpend,

    /// <summary>What an overage price includes, priced zero.</summary>
    IncludedUsage,

    /// <summary>A percentage of the amount that is not free.</summary>
    PercentageOfAmount,

    /// <summary>The amount that a percentage price leaves free, priced zero.</summary>
    FreeAmount,

    /// <summary>A fixed amount for each transaction.</summary>
    TransactionFee,

    /// <summary>What the minimum per transaction adds, over all transactions.</summary>
    TransactionMinimum,

    /// <summary>What the maximum per transaction takes off, over all transactions.</summary>
    TransactionMaximum,

    /// <summary>The amount within one tier of a graduated percentage times that tier's rate.</summary>
    GraduatedPercentageRate,

    /// <summary>The flat amount of a tier of a graduated percentage, due on entering it.</summary>
    GraduatedPercentageFlat,

    /// <summary>A metered amount times a multiplier.</summary>
    CostMultiple,

    /// <summary>A percentage on top of a metered amount.</summary>
    CostMarkup,
}
