namespace Metering.Rating;

/// <summary>When the first tier of a tiered price is entered, and with it the flat amount of that tier is due.</summary>
public enum TierEntry
{
    /// <summary>When the period opens: the flat amount is due even without usage. What OpenMeter and Lago do.</summary>
    WhenPeriodOpens,

    /// <summary>By the first quantity above zero: without usage nothing is due.</summary>
    OnFirstUse,
}
