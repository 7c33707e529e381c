using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;

namespace Metering.Rating;

/// <summary>
/// A currency of ISO 4217: its three-letter code and how many digits its minor unit has (JPY 0, USD 2, KWD 3, CLF 4).
/// </summary>
/// <remarks>
/// There is exactly one instance per code, so reference equality is value equality. Codes without a minor unit (gold, special drawing
/// rights, the test codes) are not here: nothing can be invoiced in them.
/// </remarks>
public sealed partial class Currency
{
    private static readonly FrozenDictionary<string, Currency> ByCode = ReadTable().ToFrozenDictionary(c => c.Code, StringComparer.Ordinal);

    private Currency(string code, int minorUnitDigits)
    {
        Code = code;
        MinorUnitDigits = minorUnitDigits;
        MinorUnit = new decimal(1, 0, 0, false, (byte)minorUnitDigits);
        ZeroInMinorUnits = new decimal(0, 0, 0, false, (byte)minorUnitDigits);
    }

    /// <summary>The three upper-case letters, for example <c>USD</c>.</summary>
    public string Code { get; }

    /// <summary>How many decimals an amount of this currency has: 0, 2, 3 or 4.</summary>
    public int MinorUnitDigits { get; }

    /// <summary>The smallest amount of money in this currency: 0.01 for USD, 1 for JPY.</summary>
    public decimal MinorUnit { get; }

    /// <summary>Zero with as many decimals as the minor unit; adding it gives an amount that many decimals.</summary>
    internal decimal ZeroInMinorUnits { get; }

    /// <summary>All currencies, by code.</summary>
    public static IReadOnlyCollection<Currency> All => ByCode.Values;

    /// <summary>US dollar.</summary>
    public static Currency Usd { get; } = Parse("USD");

    /// <summary>Euro.</summary>
    public static Currency Eur { get; } = Parse("EUR");

    /// <summary>Finds a currency by its exact, upper-case code. Surrounding blanks and lower case are not accepted.</summary>
    public static bool TryParse([NotNullWhen(true)] string? code, [NotNullWhen(true)] out Currency? currency)
    {
        currency = null;
        return code is not null && ByCode.TryGetValue(code, out currency);
    }

    /// <summary>As <see cref="TryParse"/>, for codes that were checked before.</summary>
    /// <exception cref="FormatException">The code is not one of ISO 4217.</exception>
    public static Currency Parse(string code) =>
        TryParse(code, out var currency) ? currency : throw new FormatException($"'{code}' is not a currency code of ISO 4217.");

    /// <summary>The code.</summary>
    public override string ToString() => Code;
}
