namespace Metering.Ingest.Events;

/// <summary>JSON without the whitespace that means nothing, so that the same content is the same bytes however it was laid out.</summary>
internal static class CompactJson
{
    /// <param name="json">Valid JSON.</param>
    /// <returns><paramref name="json"/> itself when there is nothing to leave out.</returns>
    public static ReadOnlyMemory<byte> Of(ReadOnlyMemory<byte> json)
    {
        var source = json.Span;
        var first = NextInsignificant(source, 0);
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
        while (at < json.Length)
        {
            switch (json[at])
            {
                case (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n':
                    return at;
                case (byte)'"':
                    at = EndOfString(json, at);
                    break;
                default:
                    at++;
                    break;
            }
        }

        return -1;
    }

    private static int EndOfString(ReadOnlySpan<byte> json, int open)
    {
        var at = open + 1;
        while (json[at] != '"')
        {
            at += json[at] == '\\' ? 2 : 1;
        }

        return at + 1;
    }
}
