namespace Metering.Rating;

/// <summary>What one unit of a custom unit, such as a credit or a token, is worth in money.</summary>
/// <remarks>
/// Amounts in custom units are kept, burnt and added up in those units, and become money once: the sum is converted and rounded, never its
/// parts. A thousand requests of 0.2 credits at 0.01 USD are 2.00 USD; rounded one by one they would be nothing.
/// </remarks>
public sealed record CostBasis
{
    /// <summary>So much money for one unit.</summary>
    /// <exception cref="ArgumentOutOfRangeException">
    /// The cost is negative, above <see cref="RatingBounds.AmountMax"/>, or has more than <see cref="RatingBounds.DecimalsMax"/> decimals.
    /// </exception>
    public CostBasis(decimal unitCost, Currency currency)
    {
        ArgumentNullException.ThrowIfNull(currency);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(unitCost, RatingBounds.AmountMax);
        UnitCost = GrantBounds.Checked(unitCost, nameof(unitCost));
        Currency = currency;
    }

    /// <summary>The price of one unit in major units of the currency; zero for units that are given away.</summary>
    public decimal UnitCost { get; }

    /// <summary>The currency.</summary>
    public Currency Currency { get; }

    /// <summary>What units are worth before rounding. Units of several cost bases are added up as these amounts, and the sum is rounded.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The magnitude is above <see cref="RatingBounds.QuantityMax"/>.</exception>
    public ExactAmount Worth(decimal units)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Math.Abs(units), RatingBounds.QuantityMax, nameof(units));
        return new ExactAmount(units * UnitCost, Currency);
    }

    /// <summary>What units are worth as money: the one conversion, and the one rounding.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The magnitude is above <see cref="RatingBounds.QuantityMax"/>.</exception>
    public Money ToMoney(decimal units, Rounding rounding) => Worth(units).Round(rounding);

    /// <summary>
    /// How many units money buys, so that what a buyer holds is worth what the buyer paid: 1,034 credits at 0.001 USD cost 1.03 USD, and
    /// 1.03 USD buy 1,030 credits. Cut off after <see cref="RatingBounds.DecimalsMax"/> decimals, so that nobody holds more than was paid.
    /// </summary>
    /// <exception cref="InvalidOperationException">The money is of another currency, or the units cost nothing.</exception>
    /// <exception cref="ArgumentOutOfRangeException">So many units are above <see cref="RatingBounds.QuantityMax"/>.</exception>
    public decimal UnitsFor(Money money)
    {
        if (money.Currency != Currency || UnitCost == 0m)
        {
            throw new InvalidOperationException($"{money} does not buy units at {AmountText.UnitPrice(UnitCost, Currency)} {Currency} each.");
        }

        // The cheapest unit costs a millionth of a millionth; comparing first keeps the quotient from overflowing.
        var unitsAreTooMany = Math.Abs(money.Amount) > RatingBounds.AmountMax || Math.Abs(money.Amount) / RatingBounds.QuantityMax > UnitCost;
        return unitsAreTooMany
            ? throw new ArgumentOutOfRangeException(nameof(money), money, $"The money buys more than {RatingBounds.QuantityMax} units.")
            : decimal.Round(money.Amount / UnitCost, RatingBounds.DecimalsMax, MidpointRounding.ToZero);
    }
}
