using System.Text.Json.Serialization;
using Metering.Platform.Problems;

namespace Metering.Ingest.Filters;

/// <summary>
/// A condition on a text, as OpenMeter writes it: <c>{"$like": "gpt-5%"}</c>. Operators beside each other all have to hold. Greater and
/// less compare code points. A text that is absent fulfils the negations alone: it is not equal to anything and like nothing.
/// </summary>
public sealed record TextFilter
{
    private const int MaxDepth = 5;
    private const int MaxSize = 100;
    private const int MaxValues = 100;
    private const int MaxLength = 1_024;

    [JsonPropertyName("$eq")]
    public string? Eq { get; init; }

    [JsonPropertyName("$ne")]
    public string? Ne { get; init; }

    [JsonPropertyName("$in")]
    public IReadOnlyList<string>? In { get; init; }

    [JsonPropertyName("$nin")]
    public IReadOnlyList<string>? Nin { get; init; }

    [JsonPropertyName("$like")]
    public string? Like { get; init; }

    [JsonPropertyName("$nlike")]
    public string? Nlike { get; init; }

    [JsonPropertyName("$ilike")]
    public string? Ilike { get; init; }

    [JsonPropertyName("$nilike")]
    public string? Nilike { get; init; }

    [JsonPropertyName("$gt")]
    public string? Gt { get; init; }

    [JsonPropertyName("$gte")]
    public string? Gte { get; init; }

    [JsonPropertyName("$lt")]
    public string? Lt { get; init; }

    [JsonPropertyName("$lte")]
    public string? Lte { get; init; }

    [JsonPropertyName("$and")]
    public IReadOnlyList<TextFilter>? And { get; init; }

    [JsonPropertyName("$or")]
    public IReadOnlyList<TextFilter>? Or { get; init; }

    /// <summary>The texts that pass when the filter names them one by one and says nothing else; null otherwise.</summary>
    [JsonIgnore]
    public IReadOnlyList<string>? Exactly =>
        this == new TextFilter { Eq = Eq } && Eq is not null ? [Eq]
        : this == new TextFilter { In = In } ? In
        : null;

    /// <param name="value">Null: the text is absent.</param>
    public bool Matches(string? value) =>
        (value is null ? MatchesAbsent() : MatchesText(value))
        && (And is null || And.All(filter => filter.Matches(value)))
        && (Or is null || Or.Any(filter => filter.Matches(value)));

    /// <summary>What is wrong with the filter; nothing when it can be used.</summary>
    public IEnumerable<FieldError> Check(string pointer) => Size > MaxSize
        ? [new FieldError(pointer, "too_many", $"A filter is made of at most {MaxSize} filters.")]
        : Check(pointer, depth: 1);

    private int Size => 1 + (And ?? []).Concat(Or ?? []).Sum(part => part?.Size ?? 0);

    private bool MatchesAbsent() => (Eq ?? Like ?? Ilike ?? Gt ?? Gte ?? Lt ?? Lte) is null && In is null;

    private bool MatchesText(string value) =>
        (Eq is null || value == Eq)
        && (Ne is null || value != Ne)
        && (In is null || In.Contains(value))
        && (Nin is null || !Nin.Contains(value))
        && (Like is null || IsLike(value, Like, ignoreCase: false))
        && (Nlike is null || !IsLike(value, Nlike, ignoreCase: false))
        && (Ilike is null || IsLike(value, Ilike, ignoreCase: true))
        && (Nilike is null || !IsLike(value, Nilike, ignoreCase: true))
        && (Gt is null || CompareCodePoints(value, Gt) > 0)
        && (Gte is null || CompareCodePoints(value, Gte) >= 0)
        && (Lt is null || CompareCodePoints(value, Lt) < 0)
        && (Lte is null || CompareCodePoints(value, Lte) <= 0);

    private static bool IsLike(string value, string pattern, bool ignoreCase) => LikePattern.TryParse(pattern)?.IsMatch(value, ignoreCase) == true;

    private IEnumerable<FieldError> Check(string pointer, int depth)
    {
        if (depth > MaxDepth)
        {
            yield return new FieldError(pointer, "too_deep", $"Filters stand in one another at most {MaxDepth} deep.");
            yield break;
        }

        if (this == new TextFilter())
        {
            yield return new FieldError(pointer, "required", "A filter has at least one operator.");
        }

        foreach (var (name, text) in Texts())
        {
            if (text is { Length: > MaxLength } || text?.Contains('\0', StringComparison.Ordinal) == true)
            {
                yield return new FieldError($"{pointer}/{name}", "invalid_value", $"At most {MaxLength} characters, none of them NUL.");
            }
            else if (text is not null && name.EndsWith("like", StringComparison.Ordinal) && LikePattern.TryParse(text) is null)
            {
                yield return new FieldError($"{pointer}/{name}", "invalid_pattern", "A backslash stands before the character that it escapes.");
            }
        }

        foreach (var (name, values) in new[] { ("$in", In), ("$nin", Nin) })
        {
            if (values is { Count: 0 or > MaxValues }
                || values?.Any(value => value is null or { Length: > MaxLength } || value.Contains('\0', StringComparison.Ordinal)) == true)
            {
                yield return new FieldError($"{pointer}/{name}", "invalid_value", $"1 to {MaxValues} texts of at most {MaxLength} characters.");
            }
        }

        foreach (var error in CheckParts($"{pointer}/$and", And, depth).Concat(CheckParts($"{pointer}/$or", Or, depth)))
        {
            yield return error;
        }
    }

    private static IEnumerable<FieldError> CheckParts(string pointer, IReadOnlyList<TextFilter>? parts, int depth)
    {
        if (parts is { Count: 0 } || parts?.Contains(null!) == true)
        {
            return [new FieldError(pointer, "invalid_value", "At least one filter, and each an object.")];
        }

        return (parts ?? []).SelectMany((part, index) => part.Check($"{pointer}/{index}", depth + 1));
    }

    private (string Name, string? Text)[] Texts() =>
    [
        ("$eq", Eq), ("$ne", Ne), ("$like", Like), ("$nlike", Nlike), ("$ilike", Ilike), ("$nilike", Nilike),
        ("$gt", Gt), ("$gte", Gte), ("$lt", Lt), ("$lte", Lte),
    ];

    /// <summary>As the bytes of UTF-8 compare. UTF-16 alone would put what lies beyond the first plane too low.</summary>
    internal static int CompareCodePoints(string left, string right)
    {
        for (var i = 0; i < Math.Min(left.Length, right.Length); i++)
        {
            if (left[i] != right[i])
            {
                return Weight(left[i]).CompareTo(Weight(right[i]));
            }
        }

        return left.Length.CompareTo(right.Length);
    }

    private static int Weight(char unit) => char.IsSurrogate(unit) ? unit + 0x10000 : unit;
}
