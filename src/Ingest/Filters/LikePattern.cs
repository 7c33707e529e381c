using System.Text;

namespace Metering.Ingest.Filters;

/// <summary>
/// SQL's LIKE: <c>%</c> stands for any text, <c>_</c> for one character, and a backslash before either, or before itself, takes it as it is.
/// Answers as PostgreSQL does, so that rollups and events are filtered alike.
/// </summary>
internal sealed class LikePattern
{
    private readonly Step[] steps;

    private LikePattern(Step[] steps) => this.steps = steps;

    /// <returns>Null when the text ends with a backslash that escapes nothing.</returns>
    public static LikePattern? TryParse(string text)
    {
        var steps = new List<Step>();
        var escaped = false;
        foreach (var rune in text.EnumerateRunes())
        {
            if (!escaped && rune.Value == '\\')
            {
                escaped = true;
                continue;
            }

            steps.Add(escaped ? Step.Of(rune) : rune.Value switch
            {
                '%' => Step.AnyText,
                '_' => Step.AnyRune,
                _ => Step.Of(rune),
            });
            escaped = false;
        }

        return escaped ? null : new LikePattern([.. steps]);
    }

    /// <summary>Goes back to the last <c>%</c> alone: what an earlier one could take, the last one can take as well.</summary>
    public bool IsMatch(string value, bool ignoreCase)
    {
        Rune[] runes = [.. value.EnumerateRunes()];
        var (at, step, resumeAt, resumeStep) = (0, 0, -1, -1);
        while (at < runes.Length)
        {
            if (step < steps.Length && steps[step].IsAnyText)
            {
                (resumeAt, resumeStep) = (at, step++);
            }
            else if (step < steps.Length && steps[step].Takes(runes[at], ignoreCase))
            {
                at++;
                step++;
            }
            else if (resumeStep >= 0)
            {
                (at, step) = (++resumeAt, resumeStep + 1);
            }
            else
            {
                return false;
            }
        }

        return steps.AsSpan(step).IndexOfAnyExcept(Step.AnyText) < 0;
    }

    private readonly record struct Step(Rune Rune, bool IsAnyText, bool IsAnyRune)
    {
        public static readonly Step AnyText = new(default, true, false);

        public static readonly Step AnyRune = new(default, false, true);

        public static Step Of(Rune rune) => new(rune, false, false);

        public bool Takes(Rune rune, bool ignoreCase) =>
            IsAnyRune || rune == Rune || (ignoreCase && Rune.ToLowerInvariant(rune) == Rune.ToLowerInvariant(Rune));
    }
}
