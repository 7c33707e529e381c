using System.Globalization;
using System.Text;

namespace Metering.Ingest.Meters.Expressions;

/// <summary>The text of a value expression, read from left to right. What is taken is passed; the first mistake stays.</summary>
internal sealed class ExpressionScanner(string text)
{
    private const int MaxDigits = 28;

    private int at;

    /// <summary>With the place, counted from 1; null while there is none.</summary>
    public string? Error { get; private set; }

    /// <summary>The next character that is no space, not taken; NUL at the end.</summary>
    public char Next
    {
        get
        {
            while (at < text.Length && char.IsWhiteSpace(text[at]))
            {
                at++;
            }

            return at < text.Length ? text[at] : '\0';
        }
    }

    /// <summary>Where <see cref="Next"/> stands, from 1.</summary>
    public int Position => Next == '\0' ? text.Length + 1 : at + 1;

    /// <summary>Says what is wrong at the place that is reached. Always false.</summary>
    public bool Refuse(string problem)
    {
        Error ??= $"At character {Position}: {problem}.";
        return false;
    }

    public bool TryTake(string symbol)
    {
        if (Next == '\0' || !text.AsSpan(at).StartsWith(symbol, StringComparison.Ordinal))
        {
            return false;
        }

        at += symbol.Length;
        return true;
    }

    public bool Expect(string symbol) => TryTake(symbol) || Refuse($"'{symbol}' is missing");

    public bool TryTakeWord(string word)
    {
        if (Next == '\0')
        {
            return false;
        }

        var end = at;
        while (end < text.Length && char.IsAsciiLetter(text[end]))
        {
            end++;
        }

        var found = text.AsSpan(at, end - at).SequenceEqual(word);
        at = found ? end : at;
        return found;
    }

    public bool ExpectWord(string word) => TryTakeWord(word) || Refuse($"'{word}' is missing");

    /// <summary>As elsewhere, but that a name without brackets has letters, digits and underscores alone: a minus is an operator.</summary>
    public (string Text, JsonPath Path)? Path()
    {
        var end = Next == '$' ? at + 1 : at;
        while (end > at && end < text.Length && text[end] is '.' or '[')
        {
            end = EndOfStep(end);
        }

        var field = text[at..end];
        if (JsonPath.TryParse(field) is not { } path)
        {
            Refuse("a field is written such as $.usage.tokens or $['content-length']");
            return null;
        }

        at = end;
        return (field, path);
    }

    public decimal? Number()
    {
        var isNegative = Next is '-' or '−';
        var start = isNegative ? at + 1 : at;
        var end = start;
        while (end < text.Length && (char.IsAsciiDigit(text[end]) || text[end] == '.'))
        {
            end++;
        }

        var digits = text.AsSpan(start, end - start);
        if (digits is [>= '0' and <= '9', ..] and [.., not '.'] && digits.Length <= MaxDigits + 1
            && decimal.TryParse(digits, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
            && number <= EventValue.MaxNumber)
        {
            at = end;
            return isNegative ? -number : number;
        }

        Refuse($"here belongs a number of at most 16 digits before the point and {MaxDigits} in all");
        return null;
    }

    /// <summary>A text in single quotes; a quote within is written twice.</summary>
    public string? Literal()
    {
        var literal = new StringBuilder();
        for (var i = at + 1; i < text.Length; i++)
        {
            if (text[i] != '\'')
            {
                literal.Append(text[i]);
            }
            else if (i + 1 < text.Length && text[i + 1] == '\'')
            {
                literal.Append(text[i++]);
            }
            else
            {
                at = i + 1;
                return literal.ToString();
            }
        }

        Refuse("the text is not closed by a quote");
        return null;
    }

    private int EndOfStep(int start)
    {
        if (text[start] == '[')
        {
            var close = start + 1 < text.Length && text[start + 1] is '\'' or '"' ? $"{text[start + 1]}]" : "]";
            var end = text.IndexOf(close, Math.Min(start + 2, text.Length), StringComparison.Ordinal);
            return end < 0 ? text.Length : end + close.Length;
        }

        var last = start + 1;
        while (last < text.Length && (char.IsLetterOrDigit(text[last]) || text[last] == '_'))
        {
            last++;
        }

        return last;
    }
}
