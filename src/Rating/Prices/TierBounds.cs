namespace Metering.Rating;

/// <summary>Which quantities a tier covers: above <paramref name="From"/>, up to and including <paramref name="UpTo"/>.</summary>
/// <param name="Number">The tier's place in the price, from 1.</param>
/// <param name="From">Not included; zero for the first tier.</param>
/// <param name="UpTo">Included; null for the open last tier.</param>
public sealed record TierBounds(int Number, decimal From, decimal? UpTo)
{
    /// <summary>For people: <c>Tier 2 (over 2,000,000 up to 10,000,000)</c>.</summary>
    public override string ToString() => (From, UpTo) switch
    {
        (0m, null) => $"Tier {Number} (all)",
        (0m, { } upTo) => $"Tier {Number} (up to {AmountText.Quantity(upTo)})",
        (var from, null) => $"Tier {Number} (over {AmountText.Quantity(from)})",
        (var from, { } upTo) => $"Tier {Number} (over {AmountText.Quantity(from)} up to {AmountText.Quantity(upTo)})",
    };
}
