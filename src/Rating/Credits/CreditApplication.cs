using System.Collections.Immutable;

namespace Metering.Rating;

/// <summary>Pays what is owed with credits: amounts in their order, each by the credits in their order. Credits change no amount.</summary>
public static class CreditApplication
{
    /// <summary>Which credit pays how much of which amount.</summary>
    /// <remarks>
    /// Never more than is owed in sum: where some amounts are negative (discounts, corrections), credits stop at the sum of all. Commitments are
    /// amounts like any other.
    /// </remarks>
    /// <param name="owed">What is owed, one currency, in the order in which it is paid.</param>
    /// <param name="credits">In the order in which they are used up.</param>
    /// <exception cref="ArgumentException">A credit is negative.</exception>
    /// <exception cref="InvalidOperationException">The currencies differ.</exception>
    public static ImmutableArray<CreditUse> Apply(ImmutableArray<Money> owed, ImmutableArray<CreditBalance> credits)
    {
        if (credits.FirstOrDefault(credit => credit.Available.IsNegative) is { } negative)
        {
            throw new ArgumentException($"Credit {negative.Id} is negative.", nameof(credits));
        }

        var uses = ImmutableArray.CreateBuilder<CreditUse>();
        if (owed.IsEmpty || credits.IsEmpty)
        {
            return [];
        }

        var payable = owed.Aggregate((sum, amount) => sum + amount);
        var (current, left) = (0, credits[0].Available);
        for (var i = 0; i < owed.Length; i++)
        {
            var open = Smaller(owed[i], payable);
            while (open > Money.Zero(open.Currency) && current < credits.Length)
            {
                var paid = Smaller(open, left);
                if (!paid.IsZero)
                {
                    uses.Add(new CreditUse(i, credits[current].Id, paid));
                }

                (open, left, payable) = (open - paid, left - paid, payable - paid);
                if (left.IsZero && ++current < credits.Length)
                {
                    left = credits[current].Available;
                }
            }
        }

        return uses.ToImmutable();
    }

    private static Money Smaller(Money left, Money right) => left < right ? left : right;
}
