using System.Globalization;

namespace Metering.Rating;

/// <summary>Decimals as text that a person or a file reads, the same under every culture. Never rounds.</summary>
public static class AmountText
{
    // Every decimal has at most 28 fraction digits, so this format shows whatever there is and drops only zeros without value.
    private const string AllDecimals = "############################";

    /// <summary>
    /// A unit price with full precision and at least the minor unit's decimals: <c>0.000005</c>, <c>49.00</c>, <c>0.50</c>. No currency, no grouping.
    /// </summary>
    public static string UnitPrice(decimal price, Currency currency) => Plain(price, currency.MinorUnitDigits);

    /// <summary>A quantity with thousands grouped and no zeros without value: <c>62,345,678</c>, <c>0.5</c>.</summary>
    public static string Quantity(decimal quantity) => quantity.ToString("#,0." + AllDecimals, CultureInfo.InvariantCulture);

    /// <summary>An amount with thousands grouped and at least the minor unit's decimals: <c>1,234.50</c>, <c>37.037034</c>.</summary>
    public static string Grouped(decimal amount, Currency currency) =>
        amount.ToString("#,0." + Decimals(currency.MinorUnitDigits), CultureInfo.InvariantCulture);

    /// <summary>A number without grouping, with at least so many decimals and as many as carry a value.</summary>
    internal static string Plain(decimal value, int decimalsMin) => value.ToString("0." + Decimals(decimalsMin), CultureInfo.InvariantCulture);

    private static string Decimals(int min) => new string('0', min) + AllDecimals[min..];
}
