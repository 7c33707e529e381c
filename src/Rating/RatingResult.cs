using System.Collections.Immutable;

namespace Metering.Rating;

/// <summary>The charges of one line, and the input they follow from.</summary>
public sealed class RatingResult
{
    internal RatingResult(
        RatingInput input, Usage metered, Usage billable, ImmutableArray<Charge> charges, Money total, ImmutableArray<UnpricedUsage> unpriced)
    {
        Input = input;
        Metered = metered;
        Billable = billable;
        Charges = charges;
        Unpriced = unpriced;
        Total = total;
    }

    /// <summary>What was rated.</summary>
    public RatingInput Input { get; }

    /// <summary>The usage that was read from the input: its plain quantity, or the sum of its transactions or groups.</summary>
    public Usage Metered { get; }

    /// <summary>The usage that was priced: the metered usage in billing units, less the usage discount.</summary>
    public Usage Billable { get; }

    /// <summary>In the order in which they are explained: the price's own, tier by tier, then discount, maximum, minimum. May be empty.</summary>
    public ImmutableArray<Charge> Charges { get; }

    /// <summary>Usage of a dimensional price that has no price. When there is any, the total is not the whole truth.</summary>
    public ImmutableArray<UnpricedUsage> Unpriced { get; }

    /// <summary>Whether all usage has a price, so that the line can be billed.</summary>
    public bool IsFullyPriced => Unpriced.IsEmpty;

    /// <summary>The sum of the rounded charges.</summary>
    public Money Total { get; }

    /// <summary>The sum of the charges of one kind.</summary>
    public Money TotalOf(ChargeKind kind) =>
        Charges.Where(charge => charge.Kind == kind).Aggregate(Money.Zero(Input.Currency), (sum, charge) => sum + charge.Amount);
}
