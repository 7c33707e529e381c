namespace Metering.Rating;

/// <summary>One step of a graduated percentage price; bounds as those of <see cref="PriceTier"/>.</summary>
/// <param name="UpTo">The last amount of the tier, included; null for the last tier, which is open.</param>
/// <param name="FlatAmount">Charged once when the tier is entered, in major units of the plan's currency; zero for none.</param>
/// <param name="Rate">The percentage charged of the amount in the tier; zero to 100.</param>
public sealed record PercentageTier(decimal? UpTo, decimal FlatAmount, decimal Rate);
