namespace Metering.Rating;

/// <summary>An amount before rounding, such as a unit price times a quantity: 12,345,678 × 0.000003 USD = 37.037034 USD.</summary>
/// <remarks>
/// A figure on the way to money, never a thing to pay. Products are exact while they have at most 28 significant digits; beyond, the
/// 28th digit is rounded, which is far below any minor unit for amounts within <see cref="RatingBounds"/>. <c>default(ExactAmount)</c>
/// has no currency and throws on use. Mixing currencies throws.
/// </remarks>
public readonly record struct ExactAmount
{
    private readonly decimal amount;
    private readonly Currency? currency;

    /// <summary>Any decimal amount in a currency.</summary>
    public ExactAmount(decimal amount, Currency currency)
    {
        ArgumentNullException.ThrowIfNull(currency);
        this.amount = amount;
        this.currency = currency;
    }

    /// <summary>The amount in major units.</summary>
    public decimal Amount => currency is null ? throw WithoutCurrency() : amount;

    /// <summary>The currency.</summary>
    public Currency Currency => currency ?? throw WithoutCurrency();

    /// <summary>Nothing, in a currency.</summary>
    public static ExactAmount Zero(Currency currency) => new(0m, currency);

    /// <summary>Money is an exact amount that happens to be whole minor units.</summary>
    public static ExactAmount Of(Money money) => new(money.Amount, money.Currency);

    /// <summary>The sum, in the same currency.</summary>
    public static ExactAmount operator +(ExactAmount left, ExactAmount right) => new(left.Amount + right.InSame(left.Currency), left.Currency);

    /// <summary>The difference, in the same currency.</summary>
    public static ExactAmount operator -(ExactAmount left, ExactAmount right) => new(left.Amount - right.InSame(left.Currency), left.Currency);

    /// <summary>The same amount with the other sign.</summary>
    public static ExactAmount operator -(ExactAmount value) => new(-value.Amount, value.Currency);

    /// <summary>The only way to money: whole minor units by the named policy.</summary>
    public Money Round(Rounding rounding) => Money.OfWhole(rounding.Apply(Amount, Currency.MinorUnitDigits), Currency);

    /// <summary>The amount as JSON and exports carry it: no grouping, all decimals that carry a value, at least the minor unit's.</summary>
    public string ToAmountString() => AmountText.Plain(Amount, Currency.MinorUnitDigits);

    /// <summary>All decimals that carry a value, at least the minor unit's: <c>37.037034 USD</c>, <c>40.00 USD</c>.</summary>
    public override string ToString() => $"{ToAmountString()} {Currency}";

    private decimal InSame(Currency expected) =>
        Currency == expected ? amount : throw new InvalidOperationException($"An amount in {Currency} was mixed with one in {expected}.");

    private static InvalidOperationException WithoutCurrency() => new("default(ExactAmount) has no currency.");
}
