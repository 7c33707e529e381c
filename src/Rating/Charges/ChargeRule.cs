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
}
