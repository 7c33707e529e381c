using System.Collections.Immutable;

namespace Metering.Rating;

/// <summary>A unit of account that is not a currency, such as credits or tokens, in which prices, credits and commitments can be agreed.</summary>
/// <remarks>
/// Amounts in the unit are added up unrounded and become money once, by the cost basis and a named rounding, where they are invoiced: converting
/// parts and adding them would gain or lose minor units.
/// </remarks>
public sealed record PricingUnit
{
    /// <summary>A unit.</summary>
    /// <param name="code">What the unit is called: <c>credits</c>.</param>
    /// <param name="costBasis">What one unit is worth in major units of the currency; above zero.</param>
    /// <param name="currency">The currency of the cost basis.</param>
    /// <exception cref="InvalidPriceException"><see cref="Check"/> finds an error.</exception>
    public PricingUnit(string code, decimal costBasis, Currency currency)
    {
        InvalidPriceException.ThrowIfAny(Check(costBasis));
        Code = code;
        CostBasis = costBasis;
        Currency = currency;
    }

    /// <summary>What the unit is called.</summary>
    public string Code { get; }

    /// <summary>What one unit is worth.</summary>
    public decimal CostBasis { get; }

    /// <summary>The currency of the cost basis.</summary>
    public Currency Currency { get; }

    /// <summary>What would be wrong with such a unit; empty when nothing.</summary>
    public static ImmutableArray<PriceError> Check(decimal costBasis)
    {
        var checks = new PriceChecks().Amount("/costBasis", costBasis);
        checks.AddIf(costBasis == 0m, PriceErrorCode.NotPositive, "/costBasis", "A unit is worth something.");
        return checks.Errors;
    }

    /// <summary>What so many units are worth, before rounding.</summary>
    public ExactAmount Worth(decimal units) => new(units * CostBasis, Currency);

    /// <summary>
    /// How many units so much money buys, in whole steps of <paramref name="smallestUnit"/>; money that does not buy a whole step buys nothing.
    /// </summary>
    /// <exception cref="InvalidOperationException">The money is in another currency.</exception>
    public decimal UnitsFor(Money money, decimal smallestUnit)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(smallestUnit);
        var amount = money.Currency == Currency
            ? money.Amount
            : throw new InvalidOperationException($"Money in {money.Currency} does not buy {Code}, which are worth {Currency}.");
        var step = CostBasis * smallestUnit;
        return (amount - (amount % step)) / step * smallestUnit;
    }
}
