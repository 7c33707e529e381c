namespace Metering.Rating;

/// <summary>Whether a plan with the finding can be sold.</summary>
public enum FindingSeverity
{
    /// <summary>It cannot: some usage would have no price, or two.</summary>
    Error,

    /// <summary>It can, and somebody should know.</summary>
    Warning,
}
