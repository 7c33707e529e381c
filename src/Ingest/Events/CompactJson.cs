using System.Buffers;

namespace Metering.Ingest.Events;

/// <summary>JSON without the whitespace that means nothing, so that the same content is the same bytes however it was laid out.</summary>
internal static class CompactJson
{
    private static readonly SearchValues<byte> Whitespace = SearchValues.Create(" \t\r\n"u8);
    private static readonly SearchValues<byte> WhitespaceAndQuote = SearchValues.Create(" \t\r\n\""u8);

    /// <param name="json">Valid JSON.</param>
    /// <returns><paramref name="json"/> itself when there is nothing to leave out.</returns>
    public static ReadOnlyMemory<byte> Of(ReadOnlyMemory<byte> json)
    {
        var source = json.Span;

        // Most senders write none, not even within strings: one glance, many bytes at a time.
        var first = source.ContainsAny(Whitespace) ? NextInsignificant(source, 0) : -1;
        if (first < 0)
        {
            return json;
        }

        var compact = new byte[source.Length - 1];
        var written = 0;
        var from = 0;
        for (var at = first; at >= 0; at = NextInsignificant(source, from))
        {
            source[from..at].CopyTo(compact.AsSpan(written));
            written += at - from;
            from = at + 1;
        }

        source[from..].CopyTo(compact.AsSpan(written));
        return compact.AsMemory(0, written + source.Length - from);
    }

    /// <summary><paramref name="from"/> lies outside of any string.</summary>
    private static int NextInsignificant(ReadOnlySpan<byte> json, int from)
    {
        var at = from;
        while (json[at..].IndexOfAny(WhitespaceAndQuote) is >= 0 and var ahead)
        {
            at += ahead;
            if (json[at] != '"')
            {
                return at;
            }

            at = EndOfString(json, at);
        }

        return -1;
    }

    private static int EndOfString(ReadOnlySpan<byte> json, int open)
    {
        var at = open + 1;
        while (true)
        {
            at += json[at..].IndexOfAny((byte)'"', (byte)'\\');
            if (json[at] == '"')
            {
                return at + 1;
            }

            at += 2;
        }
    }
}
