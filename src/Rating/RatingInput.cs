namespace Metering.Rating;

/// <summary>
/// Everything rating depends on. Inputs that say the same give the same result, down to the bytes of its explanation, next year as well.
/// </summary>
public sealed record RatingInput
{
    /// <summary>The price.</summary>
    public required Price Price { get; init; }

    /// <summary>The currency of the plan, in which the price's amounts are.</summary>
    public required Currency Currency { get; init; }

    /// <summary>Which time the line is about.</summary>
    public required LinePeriod Line { get; init; }

    /// <summary>How each charge is rounded. Invoices use <see cref="Rounding.HalfAwayFromZero"/>.</summary>
    public required Rounding Rounding { get; init; }

    /// <summary>How much of a flat fee a partly served period pays, and how much units count that are in force for a part of it.</summary>
    public required Proration Proration { get; init; }

    /// <summary>How much was used. Zero unless said.</summary>
    public Usage Usage { get; init; } = Usage.None;

    /// <summary>The transactions behind an amount, for <see cref="Price.Percentage"/> and <see cref="Price.Dynamic"/>. None unless said.</summary>
    public TransactionUsage Transactions { get; init; } = TransactionUsage.None;

    /// <summary>Usage by dimension values, for <see cref="Price.Dimensional"/>; stands for <see cref="Usage"/>. None unless said.</summary>
    public GroupedUsage Groups { get; init; } = GroupedUsage.None;

    /// <summary>
    /// Units that are paid for the time in which they are in force, for <see cref="Price.PerUnit"/>, <see cref="Price.Graduated"/>,
    /// <see cref="Price.Volume"/> and an <see cref="Price.Overage"/> of these; stands for <see cref="Usage"/>. None unless said.
    /// </summary>
    public UnitsInForce UnitsInForce { get; init; } = UnitsInForce.None;

    /// <summary>Unit conversion, discounts, maximum and minimum. None unless said.</summary>
    public RateCardTerms Terms { get; init; } = RateCardTerms.None;
}
