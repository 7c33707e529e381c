namespace Metering.Rating;

/// <summary>A tier made ready for charging: its bounds, what it charges, and how its two charges are called.</summary>
internal sealed record TierStep(
    TierBounds Bounds,
    decimal UnitAmount,
    decimal FlatAmount,
    string UnitReference,
    string UnitName,
    string FlatReference,
    string FlatName);
