namespace Metering.Ingest.Meters;

/// <summary>
/// Walks over the properties of an object that is known to be valid JSON without insignificant whitespace, as the data of stored events is.
/// Takes no copies and builds nothing. What is escaped, or laid out with whitespace, it does not read: then the caller parses the data instead.
/// </summary>
internal ref struct PlainData(ReadOnlySpan<byte> json)
{
    private readonly ReadOnlySpan<byte> json = json;
    private int at = 1;

    public ReadOnlySpan<byte> Name { get; private set; }

    /// <summary>As it is written: a string has its quotes.</summary>
    public ReadOnlySpan<byte> Value { get; private set; }

    /// <summary>Whether what was read last, or what comes next, has to be parsed.</summary>
    public bool NeedsParsing { get; private set; }

    public bool Read()
    {
        if (json[at] == '}')
        {
            return false;
        }

        if (json[at] == ',')
        {
            at++;
        }

        NeedsParsing = json[at] != '"';
        if (NeedsParsing)
        {
            return true;
        }

        var start = at;
        SkipString();
        Name = json[(start + 1)..(at - 1)];
        NeedsParsing |= json[at] != ':' || json[at + 1] <= ' ';
        if (NeedsParsing)
        {
            return true;
        }

        at++;
        start = at;
        SkipValue();
        Value = json[start..at];
        return true;
    }

    private void SkipValue()
    {
        switch (json[at])
        {
            case (byte)'"':
                SkipString();
                break;
            case (byte)'{' or (byte)'[':
                SkipNested();
                break;
            default:
                at += json[at..].IndexOfAny((byte)',', (byte)'}');
                break;
        }
    }

    private void SkipString()
    {
        at++;
        while (true)
        {
            at += json[at..].IndexOfAny((byte)'"', (byte)'\\');
            if (json[at] == '"')
            {
                at++;
                return;
            }

            NeedsParsing = true;
            at += 2;
        }
    }

    private void SkipNested()
    {
        var depth = 0;
        do
        {
            switch (json[at])
            {
                case (byte)'"':
                    SkipString();
                    continue;
                case (byte)'{' or (byte)'[':
                    depth++;
                    break;
                case (byte)'}' or (byte)']':
                    depth--;
                    break;
            }

            at++;
        }
        while (depth > 0);
    }
}
