namespace Metering.Rating;

/// <summary>
/// The largest figures rating accepts. Inside them no product or sum can overflow <see cref="decimal"/>; outside, prices are refused with an
/// error that names the field and usage is refused with an exception.
/// </summary>
public static class RatingBounds
{
    /// <summary>Largest price amount, minimum or maximum: one million million.</summary>
    public const decimal AmountMax = 1_000_000_000_000m;

    /// <summary>Largest quantity: what <c>numeric(28,12)</c> can store, sixteen digits before the point.</summary>
    public const decimal QuantityMax = 10_000_000_000_000_000m;

    /// <summary>Most decimals of a price or of a quantity in a price: what <c>numeric(28,12)</c> can store.</summary>
    public const int DecimalsMax = 12;

    /// <summary>Most tiers of one price.</summary>
    public const int TiersMax = 100;
}
