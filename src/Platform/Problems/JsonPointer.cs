using System.Text;

namespace Metering.Platform.Problems;

/// <summary>Where in a JSON document something is wrong, as RFC 6901.</summary>
public static class JsonPointer
{
    /// <summary>System.Text.Json says <c>$.phases[0].rateCards</c>; clients are told <c>/phases/0/rateCards</c>.</summary>
    public static string FromPath(string? path)
    {
        if (path is null or "$")
        {
            return "";
        }

        var pointer = new StringBuilder();
        var rest = path.AsSpan(1);
        while (rest.Length > 0)
        {
            var quoted = rest.StartsWith("['");
            var end = quoted ? rest.IndexOf("']") : rest[0] == '[' ? rest.IndexOf(']') : NextSeparator(rest);
            var from = quoted ? 2 : 1;
            pointer.Append('/').Append(Escape(rest[from..end].ToString()));
            rest = rest[Math.Min(rest.Length, quoted ? end + 2 : rest[0] == '[' ? end + 1 : end)..];
        }

        return pointer.ToString();
    }

    public static string Escape(string segment) => segment.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal);

    private static int NextSeparator(ReadOnlySpan<char> path)
    {
        var next = path[1..].IndexOfAny('.', '[');
        return next < 0 ? path.Length : next + 1;
    }
}
