using System.Text;
using Metering.EnforcementSidecar.Identifiers;

namespace Metering.EnforcementSidecar.Access;

/// <summary>A 26-character id as 16 bytes, because 100,000 customers are kept for every one that asks. Any other text is kept as it is.</summary>
/// <param name="Text">Null when the bits say it all.</param>
internal readonly record struct CompactId(ulong High, ulong Low, string? Text)
{
    public static CompactId Of(ReadOnlySpan<char> text) => Ulid.TryParse(text, out var bits)
        ? new CompactId((ulong)(bits >> 64), unchecked((ulong)bits), null)
        : new CompactId(0, 0, text.ToString());

    public static CompactId Of(ReadOnlySpan<byte> utf8)
    {
        Span<char> text = stackalloc char[Ulid.Length];
        return utf8.Length == Ulid.Length && Ascii.IsValid(utf8) && Encoding.ASCII.GetChars(utf8, text) == Ulid.Length
            ? Of(text)
            : new CompactId(0, 0, Encoding.UTF8.GetString(utf8));
    }

    public override string ToString() => Text ?? Ulid.Format(new UInt128(High, Low));

    // The low bits of an id are chance.
    public override int GetHashCode() => Text is null ? unchecked((int)(Low ^ (Low >> 32))) : Text.GetHashCode(StringComparison.Ordinal);
}
