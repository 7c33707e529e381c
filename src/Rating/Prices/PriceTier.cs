namespace Metering.Rating;

/// <summary>One step of a tiered price.</summary>
/// <remarks>
/// Tiers lie on a half-open decimal line: a tier covers the quantities above the bound of the tier before it and up to its own bound, which is
/// included. With bounds 5 and 10, exactly 5 is in the first tier and 5.000001 in the second. There are no gaps to leave, whatever the decimals.
/// </remarks>
/// <param name="UpTo">The last quantity of the tier; null for the last tier, which is open.</param>
/// <param name="FlatAmount">Charged once when the tier is entered, in major units of the plan's currency; zero for none.</param>
/// <param name="UnitAmount">Charged per unit, in major units of the plan's currency; zero for units that are included.</param>
public sealed record PriceTier(decimal? UpTo, decimal FlatAmount, decimal UnitAmount)
{
    /// <summary>A tier that charges each unit.</summary>
    public static PriceTier PerUnit(decimal? upTo, decimal unitAmount) => new(upTo, 0m, unitAmount);

    /// <summary>A tier that charges once, however many units.</summary>
    public static PriceTier Flat(decimal? upTo, decimal flatAmount) => new(upTo, flatAmount, 0m);
}
