using System.Collections.Immutable;

namespace Metering.Rating;

/// <summary>What usage is worth: a pure function from <see cref="RatingInput"/> to explained charges.</summary>
public static class Rater
{
    // The order is part of the contract with the customer.
    // 1. Units are converted first, cumulatively, because everything after counts in the units that the price list names.
    // 2. Discounted usage does not exist for the price: tiers count from the first unit that is billed.
    // 3. The price makes the charges.
    // 4. A percentage comes off what was charged, not off a minimum nobody used.
    // 5. The maximum is a promise about what is paid, so it looks at the amount after discounts.
    // 6. The minimum is what is paid at least, so it comes last of the rate card; no discount may undercut it. Only the line that closes
    //    the period knows whether it was missed.
    // What follows looks at more than one rate card and so is called by whoever has them all:
    // 7. Commitments of the plan (PlanCommitment.TrueUp) count what the rate cards came to, minimums included: nobody pays for the same
    //    promise twice.
    // 8. Credits (CreditApplication.Apply) pay what is then owed, commitments included; they are a means of payment and change no amount.
    private static readonly ImmutableArray<Action<Tally>> Order =
    [
        Adjustments.ConvertUnits,
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
    /// <exception cref="ArgumentException">
    /// The line opens the served period and yet has usage that was billed before; the details of the usage do not fit the price or the plain
    /// quantity; or price and terms cannot be had together (see <see cref="RateCardTerms.CheckFor"/>).
    /// </exception>
    public static RatingResult Rate(RatingInput input) => Rate(input, keepUnchanged: false);

    /// <summary>Only what <see cref="Rate(RatingInput)"/> comes to, without the charges that explain it: several times faster.</summary>
    /// <returns>The total; null when some usage has no price, because then there is no total.</returns>
    /// <exception cref="ArgumentException">As for <see cref="Rate(RatingInput)"/>.</exception>
    public static Money? Total(RatingInput input)
    {
        var usage = MeteredUsage(input);
        var toEnd = Account(input, Reading.End, usage.Cumulative, input.Line.ClosesPeriod, explains: false);
        if (toEnd.HasUnpriced)
        {
            return null;
        }

        var toBeginning = input.Line.OpensPeriod
            ? 0m
            : Account(input, Reading.Beginning, usage.Prior, closesPeriod: false, explains: false).Total;
        return Money.OfWhole(toEnd.Total - toBeginning, input.Currency);
    }

    /// <param name="input">What is rated.</param>
    /// <param name="keepUnchanged">Whether charges stay that the line does not change, so that a correction can compare all of them.</param>
    internal static RatingResult Rate(RatingInput input, bool keepUnchanged)
    {
        var usage = MeteredUsage(input);
        var toEnd = Account(input, Reading.End, usage.Cumulative, input.Line.ClosesPeriod, explains: true);
        if (input.Line.OpensPeriod)
        {
            return new RatingResult(
                input, usage, Usage.Of(toEnd.Quantity), toEnd.Charges, Money.OfWhole(toEnd.Total, input.Currency), toEnd.Unpriced);
        }

        var toBeginning = Account(input, Reading.Beginning, usage.Prior, closesPeriod: false, explains: true);
        var charges = Subtraction.Of(toEnd.Charges, toBeginning.Charges, keepUnchanged);
        var total = Money.OfWhole(toEnd.Total - toBeginning.Total, input.Currency);
        return new RatingResult(input, usage, new Usage(toBeginning.Quantity, toEnd.Quantity), charges, total, toEnd.Unpriced);
    }

    /// <summary>The account of a served period up to some usage, as if nothing of it had been billed.</summary>
    internal static Tally Account(RatingInput input, Reading reading, decimal quantity, bool closesPeriod, bool explains)
    {
        var tally = new Tally(input, reading, quantity, closesPeriod, explains);
        foreach (var adjust in Order)
        {
            adjust(tally);
        }

        return tally;
    }

    private static Usage MeteredUsage(RatingInput input)
    {
        ArgumentNullException.ThrowIfNull(input);
        if (input.Terms.HasUsageTerms)
        {
            InvalidPriceException.ThrowIfAny(input.Terms.CheckFor(input.Price));
        }

        var usage = input.UnitsInForce == UnitsInForce.None ? input.Price.UsageOf(input) : UsageOfUnitsInForce(input);
        return input.Line.OpensPeriod && usage.Prior != 0m
            ? throw new ArgumentException($"A line that opens its period has no prior usage, and this one has {usage.Prior}.", nameof(input))
            : usage;
    }

    private static Usage UsageOfUnitsInForce(RatingInput input)
    {
        if (!input.Price.CountsUnitsInForce || input.Groups != GroupedUsage.None || input.Transactions != TransactionUsage.None)
        {
            throw new ArgumentException(
                "Units in force are priced per unit, by tiers, or beyond an allowance of them, without groups or transactions.", nameof(input));
        }

        decimal AverageAt(Reading reading) => input.UnitsInForce.LevelsAt(reading, input.Line, input.Proration).Average;
        return Price.Agreed(new Usage(AverageAt(Reading.Beginning), AverageAt(Reading.End)), input.Usage);
    }
}
