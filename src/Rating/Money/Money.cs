namespace Metering.Rating;

/// <summary>An amount of money that can be paid: always a whole number of the currency's minor units. May be negative.</summary>
/// <remarks>
/// <para>The only way from an unrounded figure to money is <see cref="ExactAmount.Round"/> with a named policy.</para>
/// <para>The amount always has exactly as many decimals as the currency's minor unit, so equal money prints equally.</para>
/// <para><c>default(Money)</c> has no currency: every member throws <see cref="InvalidOperationException"/>, except equality and hashing, so
/// that it can be compared away.</para>
/// <para>Mixing currencies throws: it is a bug of the caller, not a mistake of a user.</para>
/// </remarks>
public readonly partial record struct Money : IComparable<Money>
{
    private readonly decimal amount;
    private readonly Currency? currency;

    /// <summary>Money of an amount that already is whole minor units; 1.5 USD is accepted as 1.50 USD.</summary>
    /// <exception cref="ArgumentException">The amount has a fraction of a minor unit, such as 0.001 USD or 0.5 JPY.</exception>
    public Money(decimal amount, Currency currency)
    {
        ArgumentNullException.ThrowIfNull(currency);
        var whole = decimal.Round(amount, currency.MinorUnitDigits, MidpointRounding.ToZero);
        if (whole != amount)
        {
            throw new ArgumentException($"{amount} is not a whole number of minor units of {currency}; round it by a named policy.", nameof(amount));
        }

        this.amount = whole + currency.ZeroInMinorUnits;
        this.currency = currency;
    }

    private Money(Currency currency, decimal whole)
    {
        amount = whole + currency.ZeroInMinorUnits;
        this.currency = currency;
    }

    /// <summary>The amount in major units, with the currency's number of decimals.</summary>
    public decimal Amount => currency is null ? throw WithoutCurrency() : amount;

    /// <summary>The currency.</summary>
    public Currency Currency => currency ?? throw WithoutCurrency();

    /// <summary>Whether the amount is zero.</summary>
    public bool IsZero => Amount == 0m;

    /// <summary>Whether the amount is below zero.</summary>
    public bool IsNegative => Amount < 0m;

    /// <summary>No money, in a currency.</summary>
    public static Money Zero(Currency currency) => new(0m, currency);

    /// <summary>The sum, in the same currency.</summary>
    public static Money operator +(Money left, Money right) => new(left.Currency, left.Amount + right.InSame(left.Currency));

    /// <summary>The difference, in the same currency.</summary>
    public static Money operator -(Money left, Money right) => new(left.Currency, left.Amount - right.InSame(left.Currency));

    /// <summary>The same amount with the other sign.</summary>
    public static Money operator -(Money value) => new(value.Currency, -value.Amount);

    /// <summary>A multiple, which in general is no longer whole minor units.</summary>
    public static ExactAmount operator *(Money value, decimal factor) => new(value.Amount * factor, value.Currency);

    /// <summary>Whether left is less, in the same currency.</summary>
    public static bool operator <(Money left, Money right) => left.CompareTo(right) < 0;

    /// <summary>Whether left is more, in the same currency.</summary>
    public static bool operator >(Money left, Money right) => left.CompareTo(right) > 0;

    /// <summary>Whether left is less or equal, in the same currency.</summary>
    public static bool operator <=(Money left, Money right) => left.CompareTo(right) <= 0;

    /// <summary>Whether left is more or equal, in the same currency.</summary>
    public static bool operator >=(Money left, Money right) => left.CompareTo(right) >= 0;

    /// <summary>Orders money of one currency by amount.</summary>
    public int CompareTo(Money other) => Amount.CompareTo(other.InSame(Currency));

    /// <summary>The amount as JSON and exports carry it: <c>49.00</c>, <c>-3</c> for JPY; no grouping, always a point.</summary>
    public string ToAmountString() => AmountText.Plain(Amount, Currency.MinorUnitDigits);

    /// <summary>The amount and the code: <c>49.00 USD</c>.</summary>
    public override string ToString() => $"{ToAmountString()} {Currency}";

    /// <summary>Money of an amount that was just rounded to the currency's minor unit, without checking it again.</summary>
    internal static Money OfWhole(decimal whole, Currency currency) => new(currency, whole);

    private decimal InSame(Currency expected) =>
        Currency == expected ? amount : throw new InvalidOperationException($"Money in {Currency} was mixed with money in {expected}.");

    private static InvalidOperationException WithoutCurrency() => new("default(Money) has no currency; start from Money.Zero(currency).");
}
