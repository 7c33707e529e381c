namespace Metering.Rating;

/// <summary>A tier as somebody wrote it, not yet known to fit the others.</summary>
/// <param name="From">Above which quantity it begins, where the document says so; null when it simply follows the tier before it.</param>
/// <param name="UpTo">The last quantity in it; null when it is open.</param>
/// <param name="FlatAmount">Charged once.</param>
/// <param name="UnitAmount">Charged per unit.</param>
public sealed record TierDraft(decimal? From, decimal? UpTo, decimal FlatAmount, decimal UnitAmount);
