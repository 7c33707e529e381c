using System.Globalization;

namespace Metering.Invoicing.Ledger;

/// <summary>The end of the chain, to be kept where the database's owner can not change it: <c>12:9f86d081…</c>.</summary>
public sealed record ChainHead(long Number, string Hash)
{
    private const int HashLength = 64;

    public static ChainHead? TryParse(string text) =>
        text.Split(':') is [var number, { Length: HashLength } hash]
            && long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var parsed) && hash.All(char.IsAsciiHexDigitLower)
            ? new ChainHead(parsed, hash)
            : null;

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Number}:{Hash}");
}
