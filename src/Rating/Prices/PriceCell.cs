using System.Collections.Immutable;

namespace Metering.Rating;

/// <summary>One cell of a dimensional price: for which values, and at which price.</summary>
/// <param name="Values">In the order of the price's dimensions; null stands for any value.</param>
/// <param name="Price">Any price of a quantity.</param>
public sealed record PriceCell(ImmutableArray<string?> Values, Price Price)
{
    /// <summary>Whether the values and the price are equal.</summary>
    public bool Equals(PriceCell? other) => other is not null && Price == other.Price && Values.SequenceEqual(other.Values);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Price, Values.Length);
}
