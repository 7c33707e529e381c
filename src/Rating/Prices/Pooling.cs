namespace Metering.Rating;

/// <summary>Whether groups of usage that one cell of a dimensional price covers share its tiers.</summary>
public enum Pooling
{
    /// <summary>Each combination of values is priced on its own: tiers, packages and allowances begin at zero in each.</summary>
    EachGroup,

    /// <summary>What one cell covers counts together: groups share its tiers, packages and allowance, and are charged as one.</summary>
    AcrossGroups,
}
