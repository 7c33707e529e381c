using System.Collections.Immutable;

namespace Metering.Rating;

/// <summary>What usage is worth: a pure function from <see cref="RatingInput"/> to explained charges.</summary>
public static class Rater
{
    // The order is part of the contract with the customer.
    // 1. Discounted usage does not exist for the price: tiers count from the first unit that is billed.
    // 2. The price makes the charges.
    // 3. A percentage comes off what was charged, not off a minimum nobody used.
    // 4. The maximum is a promise about what is paid, so it looks at the amount after discounts.
    // 5. The minimum is what is paid at least, so it comes last; no discount may undercut it.
    private static readonly ImmutableArray<Action<Tally>> Order =
    [
        Adjustments.DiscountUsage,
        Adjustments.ChargePrice,
        Adjustments.DiscountByPercentage,
        Adjustments.CapAtMaximum,
        Adjustments.TopUpToMinimum,
    ];

    /// <summary>Rates one line: what its period is worth up to the end of the line, less what it was worth up to the beginning.</summary>
    /// <remarks>
    /// Because both are computed by the same rules and subtracted charge by charge after rounding, the lines of a period that is billed in
    /// several parts sum to the one line of a period billed at once. Prices that are known only at the end (volume, fees in arrears, minimums)
    /// appear on the line that closes the served period.
    /// </remarks>
    /// <exception cref="ArgumentException">The line opens the served period and yet has usage that was billed before.</exception>
    public static RatingResult Rate(RatingInput input)
    {
        ArgumentNullException.ThrowIfNull(input);
        var usage = input.Usage;
        if (input.Line.OpensPeriod && usage.Prior != 0m)
        {
            throw new ArgumentException($"A line that opens its period has no prior usage, and this one has {usage.Prior}.", nameof(input));
        }

        var (toEnd, quantityToEnd) = Account(input, usage.Cumulative, input.Line.ClosesPeriod);
        if (input.Line.OpensPeriod)
        {
            return new RatingResult(input, Usage.Of(quantityToEnd), toEnd);
        }

        var (toBeginning, quantityToBeginning) = Account(input, usage.Prior, closesPeriod: false);
        return new RatingResult(input, new Usage(quantityToBeginning, quantityToEnd), Subtract(toEnd, toBeginning));
    }

    private static (ImmutableArray<Charge> Charges, decimal Quantity) Account(RatingInput input, decimal quantity, bool closesPeriod)
    {
        var tally = new Tally(input, quantity, closesPeriod);
        foreach (var adjust in Order)
        {
            adjust(tally);
        }

        return (tally.Charges, tally.Quantity);
    }

    private static ImmutableArray<Charge> Subtract(ImmutableArray<Charge> toEnd, ImmutableArray<Charge> toBeginning)
    {
        var charges = ImmutableArray.CreateBuilder<Charge>(toEnd.Length);
        foreach (var charge in toEnd)
        {
            if (Find(toBeginning, charge.ChildReference) is not { } before)
            {
                charges.Add(charge);
            }
            else if (charge.Exact != before.Exact || charge.Quantity != before.Quantity)
            {
                charges.Add(Less(charge, before));
            }
        }

        // What was billed before and is no longer due, such as a tier that a correction left again, is taken back.
        foreach (var before in toBeginning)
        {
            if (Find(toEnd, before.ChildReference) is null)
            {
                charges.Add(TakenBack(before));
            }
        }

        return charges.DrainToImmutable();
    }

    private static Charge? Find(ImmutableArray<Charge> charges, string childReference)
    {
        foreach (var charge in charges)
        {
            if (charge.ChildReference == childReference)
            {
                return charge;
            }
        }

        return null;
    }

    private static Charge Less(Charge charge, Charge before)
    {
        var exact = charge.Exact - before.Exact;
        return charge with
        {
            Quantity = IsOneAmount(charge) ? 1m : charge.Quantity - before.Quantity,
            UnitPrice = IsOneAmount(charge) ? exact.Amount : charge.UnitPrice,
            Exact = exact,
            BilledBefore = before.Amount,
            Amount = charge.Amount - before.Amount,
        };
    }

    private static Charge TakenBack(Charge before) => before with
    {
        Quantity = IsOneAmount(before) ? 1m : -before.Quantity,
        UnitPrice = IsOneAmount(before) ? -before.UnitPrice : before.UnitPrice,
        Exact = -before.Exact,
        PeriodExact = ExactAmount.Zero(before.Exact.Currency),
        BilledBefore = before.Amount,
        Amount = -before.Amount,
    };

    /// <summary>A discount or a minimum stays one, only its amount moves; units, packages and fees are counted.</summary>
    private static bool IsOneAmount(Charge charge) => charge.Kind is ChargeKind.Discount or ChargeKind.Commitment;
}
