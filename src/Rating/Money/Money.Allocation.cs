using System.Collections.Immutable;
using System.Numerics;

namespace Metering.Rating;

public readonly partial record struct Money
{
    /// <summary>Splits the money by weight into parts that are whole minor units and sum exactly to it.</summary>
    /// <remarks>
    /// Largest remainder: each part first gets its share cut off at the minor unit; the minor units that are left over go one each to the parts
    /// that lost most, and among equals to the earlier one. So 100.00 by 1:1:1 is 33.34, 33.33, 33.33. A negative amount is split as its
    /// magnitude is. The order of the result is the order of the weights; a weight of zero gets nothing.
    /// </remarks>
    /// <param name="weights">At least one; none negative; not all zero.</param>
    /// <exception cref="ArgumentException">The weights are empty, one is negative, or all are zero.</exception>
    public ImmutableArray<Money> Allocate(params ReadOnlySpan<decimal> weights)
    {
        var shares = WholeNumbers(weights);
        var total = shares.Aggregate(BigInteger.Zero, (sum, share) => sum + share);
        if (total.IsZero)
        {
            throw new ArgumentException("An allocation needs at least one weight above zero.", nameof(weights));
        }

        var minorUnits = new BigInteger(Math.Abs(Amount) / Currency.MinorUnit);
        var parts = new BigInteger[shares.Length];
        var remainders = new BigInteger[shares.Length];
        var left = minorUnits;
        for (var i = 0; i < shares.Length; i++)
        {
            parts[i] = BigInteger.DivRem(minorUnits * shares[i], total, out remainders[i]);
            left -= parts[i];
        }

        // Fewer minor units are left than parts have a remainder, so one each is enough. OrderByDescending is stable: ties keep their order.
        foreach (var i in Enumerable.Range(0, parts.Length).OrderByDescending(i => remainders[i]).Take((int)left))
        {
            parts[i] += BigInteger.One;
        }

        var (unit, owner) = (IsNegative ? -Currency.MinorUnit : Currency.MinorUnit, Currency);
        return [.. parts.Select(part => new Money((decimal)part * unit, owner))];
    }

    /// <summary>The weights as whole numbers in the same proportion, so that the division is exact whatever their decimals.</summary>
    private static BigInteger[] WholeNumbers(ReadOnlySpan<decimal> weights)
    {
        byte scale = 0;
        foreach (var weight in weights)
        {
            if (weight < 0m)
            {
                throw new ArgumentException($"An allocation weight cannot be negative, and one is {weight}.", nameof(weights));
            }

            scale = Math.Max(scale, weight.Scale);
        }

        var numbers = new BigInteger[weights.Length];
        Span<int> bits = stackalloc int[4];
        for (var i = 0; i < weights.Length; i++)
        {
            decimal.GetBits(weights[i], bits);
            var mantissa = new BigInteger(new decimal(bits[0], bits[1], bits[2], false, 0));
            numbers[i] = mantissa * BigInteger.Pow(10, scale - weights[i].Scale);
        }

        return numbers;
    }
}
