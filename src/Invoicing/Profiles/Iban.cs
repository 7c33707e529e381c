namespace Metering.Invoicing.Profiles;

/// <summary>International bank account numbers, ISO 13616.</summary>
internal static class Iban
{
    private const int MinLength = 15;
    private const int MaxLength = 34;
    private const int GroupLength = 4;

    public static string Compact(string iban) => iban.Replace(" ", "", StringComparison.Ordinal).ToUpperInvariant();

    /// <summary>As people read it: groups of four.</summary>
    public static string Grouped(string iban) =>
        string.Join(' ', Compact(iban).Chunk(GroupLength).Select(group => new string(group)));

    /// <summary>Two letters, two check digits, and the remainder of 1 by 97 over all, letters counted as 10 to 35.</summary>
    public static bool IsValid(string iban)
    {
        var compact = Compact(iban);
        if (compact.Length is < MinLength or > MaxLength
            || compact is not [>= 'A' and <= 'Z', >= 'A' and <= 'Z', >= '0' and <= '9', >= '0' and <= '9', ..]
            || !compact.All(char.IsAsciiLetterOrDigit))
        {
            return false;
        }

        var remainder = 0;
        foreach (var c in compact[4..] + compact[..4])
        {
            remainder = char.IsAsciiDigit(c) ? ((remainder * 10) + (c - '0')) % 97 : ((remainder * 100) + (c - 'A' + 10)) % 97;
        }

        return remainder == 1;
    }
}
