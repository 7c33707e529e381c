namespace Metering.Rating;

/// <summary>When a fee of a period is charged.</summary>
public enum PaymentTerm
{
    /// <summary>On the first line of the served period.</summary>
    InAdvance,

    /// <summary>On the last line of the served period.</summary>
    InArrears,
}
