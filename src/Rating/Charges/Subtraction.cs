using System.Collections.Immutable;

namespace Metering.Rating;

/// <summary>Charge by charge, what one account of a period says less what another says. Charges are the same when their references are.</summary>
internal static class Subtraction
{
    // Up to here a search through the list is faster than making an index of it.
    private const int SearchedCountMax = 8;

    /// <summary>What is due now and was not before, in the order of now; then what was due before and is no longer, taken back.</summary>
    public static ImmutableArray<Charge> Of(ImmutableArray<Charge> now, ImmutableArray<Charge> before, bool keepUnchanged)
    {
        var charges = ImmutableArray.CreateBuilder<Charge>(now.Length);
        var findBefore = Finder(before);
        foreach (var charge in now)
        {
            if (findBefore(charge.ChildReference) is not { } earlier)
            {
                charges.Add(charge);
            }
            else if (keepUnchanged || HasChanged(charge, earlier))
            {
                charges.Add(Less(charge, earlier));
            }
        }

        var findNow = Finder(now);
        foreach (var earlier in before)
        {
            if (findNow(earlier.ChildReference) is null)
            {
                charges.Add(TakenBack(earlier));
            }
        }

        return charges.DrainToImmutable();
    }

    /// <summary>Equal exact amounts of two lines can differ once rounded, because each settles what the lines before it left over.</summary>
    private static bool HasChanged(Charge charge, Charge earlier) =>
        charge.Exact != earlier.Exact || charge.Quantity != earlier.Quantity || charge.Amount != earlier.Amount;

    private static Func<string, Charge?> Finder(ImmutableArray<Charge> charges)
    {
        if (charges.Length > SearchedCountMax)
        {
            var index = charges.ToDictionary(charge => charge.ChildReference, StringComparer.Ordinal);
            return index.GetValueOrDefault;
        }

        return reference =>
        {
            foreach (var charge in charges)
            {
                if (charge.ChildReference == reference)
                {
                    return charge;
                }
            }

            return null;
        };
    }

    private static Charge Less(Charge charge, Charge earlier)
    {
        var exact = charge.Exact - earlier.Exact;
        return charge with
        {
            Quantity = charge.IsOneAmount ? 1m : charge.Quantity - earlier.Quantity,
            UnitPrice = charge.IsOneAmount ? exact.Amount : charge.UnitPrice,
            Exact = exact,
            BilledBefore = charge.BilledBefore + earlier.Amount,
            Amount = charge.Amount - earlier.Amount,
        };
    }

    private static Charge TakenBack(Charge earlier) => earlier with
    {
        Quantity = earlier.IsOneAmount ? 1m : -earlier.Quantity,
        UnitPrice = earlier.IsOneAmount ? -earlier.UnitPrice : earlier.UnitPrice,
        Exact = -earlier.Exact,
        PeriodExact = ExactAmount.Zero(earlier.Exact.Currency),
        BilledBefore = earlier.Amount,
        Amount = -earlier.Amount,
    };
}
