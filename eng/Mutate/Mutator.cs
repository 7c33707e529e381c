using System.Text.RegularExpressions;

namespace Metering.Mutate;

/// <summary>Finds every place where an operator or a constant can be turned into another.</summary>
internal static partial class Mutator
{
    // Operators are looked for with the blanks around them, which the style prescribes, so that type arguments and lambdas are left alone.
    private static readonly (string From, string[] To)[] Swaps =
    [
        (" < ", [" <= ", " >= "]), (" <= ", [" < ", " > "]), (" > ", [" >= ", " <= "]), (" >= ", [" > ", " < "]),
        (" == ", [" != "]), (" != ", [" == "]), (" && ", [" || "]), (" || ", [" && "]),
        (" + ", [" - "]), (" - ", [" + "]), (" * ", [" / "]), (" / ", [" * "]), (" % ", [" * "]),
        (" += ", [" -= "]), (" -= ", [" += "]), ("++", ["--"]),
        ("Math.Min(", ["Math.Max("]), ("Math.Max(", ["Math.Min("]), ("Instant.Min(", ["Instant.Max("]), ("Instant.Max(", ["Instant.Min("]),
        ("true", ["false"]), ("false", ["true"]), (" is null", [" is not null"]), (" is not null", [" is null"]),
        (".Any(", [".All("]), (".All(", [".Any("]), (" or > ", [" and > "]), ("is < ", ["is <= "]), ("> 0m and", [">= 0m and"]), ("is 0 or",
            ["is 1 or"]),
    ];

    public static IEnumerable<Mutation> In(string file, string[] lines)
    {
        for (var line = 0; line < lines.Length; line++)
        {
            if (IsCode(lines[line]))
            {
                foreach (var mutation in InLine(file, line, lines[line]))
                {
                    yield return mutation;
                }
            }
        }
    }

    private static IEnumerable<Mutation> InLine(string file, int line, string text)
    {
        var code = WithoutTexts(text);
        foreach (var (from, replacements) in Swaps)
        {
            for (var at = code.IndexOf(from, StringComparison.Ordinal); at >= 0; at = code.IndexOf(from, at + 1, StringComparison.Ordinal))
            {
                if (IsWhole(code, at, from))
                {
                    foreach (var to in replacements)
                    {
                        yield return new Mutation(file, line, at, from, to, text);
                    }
                }
            }
        }

        foreach (Match number in Number().Matches(code))
        {
            var to = number.Value switch { "0m" => "1m", "1m" => "2m", "0" => "1", "1" => "2", "100m" => "99m", _ => null };
            if (to is not null)
            {
                yield return new Mutation(file, line, number.Index, number.Value, to, text);
            }
        }
    }

    private static bool IsCode(string line)
    {
        var text = line.TrimStart();
        return text.Length > 0 && !text.StartsWith("//", StringComparison.Ordinal) && !text.StartsWith("using", StringComparison.Ordinal)
            && !text.StartsWith("namespace", StringComparison.Ordinal) && !text.StartsWith('[') && !text.Contains("throw new",
                StringComparison.Ordinal);
    }

    /// <summary>A word is not part of a longer one.</summary>
    private static bool IsWhole(string code, int at, string from) =>
        !char.IsLetter(from[0]) || from.Contains('.', StringComparison.Ordinal)
        || ((at == 0 || !char.IsLetterOrDigit(code[at - 1])) && (at + from.Length == code.Length || !char.IsLetterOrDigit(code[at + from.Length])));

    /// <summary>What stands in quotes is for people; it is held by goldens, not by mutants. Same length, so that columns stay.</summary>
    private static string WithoutTexts(string line) => Quoted().Replace(line, match => new string('_', match.Length));

    [GeneratedRegex("\\$?\"(?:[^\"\\\\]|\\\\.)*\"|'(?:[^'\\\\]|\\\\.)'|//.*$")]
    private static partial Regex Quoted();

    [GeneratedRegex(@"(?<![\w.])\d+m?(?![\w.])")]
    private static partial Regex Number();
}
