using System.Collections.Immutable;

namespace Metering.Rating;

/// <summary>The charges of one line, and the input they follow from.</summary>
public sealed class RatingResult
{
    internal RatingResult(RatingInput input, Usage billable, ImmutableArray<Charge> charges)
    {
        Input = input;
        Billable = billable;
        Charges = charges;
        var total = Money.Zero(input.Currency);
        foreach (var charge in charges)
        {
            total += charge.Amount;
        }

        Total = total;
    }

    /// <summary>What was rated.</summary>
    public RatingInput Input { get; }

    /// <summary>The usage that was priced: the metered usage less the usage discount.</summary>
    public Usage Billable { get; }

    /// <summary>In the order in which they are explained: the price's own, tier by tier, then discount, maximum, minimum. May be empty.</summary>
    public ImmutableArray<Charge> Charges { get; }

    /// <summary>The sum of the rounded charges.</summary>
    public Money Total { get; }

    /// <summary>The sum of the charges of one kind.</summary>
    public Money TotalOf(ChargeKind kind) =>
        Charges.Where(charge => charge.Kind == kind).Aggregate(Money.Zero(Input.Currency), (sum, charge) => sum + charge.Amount);
}
