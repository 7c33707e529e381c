namespace Metering.Rating;

/// <summary>How usage becomes charges. Closed: the models nested here are all there are.</summary>
/// <remarks>
/// A price has no currency of its own; it is in the currency of the plan, which <see cref="RatingInput"/> names. A price that exists is valid:
/// each model's constructor refuses what its static <c>Check</c> reports, and its properties cannot be changed afterwards.
/// </remarks>
public abstract partial record Price
{
    private Price()
    {
    }

    /// <summary>Whether the price needs one quantity and nothing else, so that it can price a cell, an overage, and converted units.</summary>
    internal virtual bool IsOfQuantity => true;

    /// <summary>Whether the price can count units for the time in which they are in force.</summary>
    internal virtual bool CountsUnitsInForce => false;

    /// <summary>What of the input the price reads as usage: the plain quantity, unless transactions or groups say it in more detail.</summary>
    /// <remarks>Details that a price does not ask for are usage all the same: reading over them would make it free.</remarks>
    internal virtual Usage UsageOf(RatingInput input)
    {
        var plain = input.Transactions.KnowsAmounts ? Agreed(input.Transactions.Amounts, input.Usage) : input.Usage;
        return input.Groups == GroupedUsage.None ? plain : Agreed(input.Groups.Total, plain);
    }

    /// <summary>
    /// Charges everything from the start of the period up to <see cref="Tally.Quantity"/>. The subtraction of what was billed before is not the
    /// model's business: <see cref="Rater"/> does it for all of them.
    /// </summary>
    internal abstract void ChargeTo(Tally tally);

    /// <summary>A more detailed usage stands for the plain one; when both are said they must agree.</summary>
    internal static Usage Agreed(Usage detailed, Usage plain) => plain == Usage.None || plain == detailed
        ? detailed
        : throw new ArgumentException(
            $"The usage is {plain.Prior} to {plain.Cumulative}; its details sum to {detailed.Prior} to {detailed.Cumulative}.");
}
