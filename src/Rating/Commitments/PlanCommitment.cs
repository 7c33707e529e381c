using System.Collections.Immutable;

namespace Metering.Rating;

/// <summary>
/// The least that a customer pays for a period over all rate cards of the plan; what is missing is trued up when the period closes.
/// </summary>
/// <remarks>
/// The amount is agreed for a full period and is prorated by the input's policy when only a part is served. What counts is what was charged
/// for the period itself: an amount counts when its service period lies within the served one, so a fee that is billed today for the next
/// period does not, and the fee that opened this period does.
/// </remarks>
public sealed record PlanCommitment
{
    /// <summary>A minimum spend.</summary>
    /// <param name="minimumAmount">For a full period, in major units of the plan's currency.</param>
    /// <exception cref="InvalidPriceException"><see cref="Check"/> finds an error.</exception>
    public PlanCommitment(decimal minimumAmount)
    {
        InvalidPriceException.ThrowIfAny(Check(minimumAmount));
        MinimumAmount = minimumAmount;
    }

    /// <summary>What is agreed for a full period.</summary>
    public decimal MinimumAmount { get; }

    /// <summary>What would be wrong with such a commitment; empty when nothing.</summary>
    public static ImmutableArray<PriceError> Check(decimal minimumAmount) => new PriceChecks().Amount("/minimumAmount", minimumAmount).Errors;

    /// <summary>What is missing to the minimum on a line of the commitment's period.</summary>
    /// <exception cref="InvalidOperationException">An amount is in another currency.</exception>
    public TrueUp TrueUp(LinePeriod line, Currency currency, Proration proration, Rounding rounding, IEnumerable<CountedAmount> charged)
    {
        ArgumentNullException.ThrowIfNull(line);
        ArgumentNullException.ThrowIfNull(proration);
        var due = proration.Of(MinimumAmount, line);
        var committed = new ExactAmount(due.Amount, currency).Round(rounding);
        var counted = charged
            .Where(amount => line.Served.Contains(amount.Period))
            .Aggregate(Money.Zero(currency), (sum, amount) => sum + amount.Amount);
        var missing = line.ClosesPeriod && counted < committed ? committed - counted : Money.Zero(currency);
        return new TrueUp(due.Name.Replace("Fee", "Minimum spend", StringComparison.Ordinal), committed, counted, missing);
    }
}
