using System.Buffers;
using System.Collections.Immutable;
using System.Text;

namespace Metering.Rating;

/// <summary>How a combination of dimension values is written: for people, and as the beginning of child references.</summary>
internal static class GroupName
{
    private static readonly SearchValues<char> Reserved = SearchValues.Create("%,=/*");

    /// <summary><c>model gpt-4o, token_type input</c>; any value is told as <c>any</c>.</summary>
    public static string Of(ImmutableArray<string> dimensions, ImmutableArray<string?> values) =>
        string.Join(", ", dimensions.Zip(values, (dimension, value) => $"{dimension} {value switch { null => "any", "" => "(none)", _ => value }}"));

    /// <summary><c>model=gpt-4o,token_type=input</c>; any value is a star. Different values never give the same reference.</summary>
    public static string ReferenceOf(ImmutableArray<string> dimensions, ImmutableArray<string?> values)
    {
        var text = new StringBuilder();
        for (var i = 0; i < dimensions.Length; i++)
        {
            text.Append(i == 0 ? "" : ",").Append(Escape(dimensions[i])).Append('=').Append(values[i] is { } value ? Escape(value) : "*");
        }

        return text.ToString();
    }

    private static string Escape(string text) => text.AsSpan().ContainsAny(Reserved)
        ? string.Concat(text.Select(c => Reserved.Contains(c) ? $"%{(int)c:X2}" : c.ToString()))
        : text;
}
