using System.Collections.Immutable;
using System.Text.Json;
using Metering.Platform.Http;

namespace Metering.Subscriptions.Wire;

/// <summary>Free key-value text on resources, as JSON in the database.</summary>
public static class Metadata
{
    public const int MaxEntries = 50;
    public const int MaxKeyLength = 128;
    public const int MaxValueLength = 1_024;

    public static readonly ImmutableSortedDictionary<string, string> None = ImmutableSortedDictionary<string, string>.Empty;

    public static ImmutableSortedDictionary<string, string> Parse(string json) => FromJson<ImmutableSortedDictionary<string, string>>(json);

    /// <summary>Null when empty: an absent and an empty map are the same.</summary>
    public static ImmutableSortedDictionary<string, string>? ParseOrNull(string json) => Parse(json) is { IsEmpty: false } some ? some : null;

    public static string ToJson<T>(T value) => JsonSerializer.Serialize(value, MeteringJson.Options);

    /// <summary>Reads back what <see cref="ToJson"/> wrote into a column that is never null.</summary>
    public static T FromJson<T>(string json) => JsonSerializer.Deserialize<T>(json, MeteringJson.Options)!;

    public static void Check(ImmutableSortedDictionary<string, string>? metadata, string pointer, FieldErrors errors)
    {
        if (metadata is null)
        {
            return;
        }

        errors.AddIf(metadata.Count > MaxEntries, pointer, "too_many", $"At most {MaxEntries} entries.");
        foreach (var (key, value) in metadata.Take(MaxEntries))
        {
            var fits = key.Length is >= 1 and <= MaxKeyLength && value is not null && value.Length <= MaxValueLength;
            errors.AddIf(
                !fits, $"{pointer}/{Platform.Problems.JsonPointer.Escape(key)}", "out_of_range",
                $"A key has 1 to {MaxKeyLength} characters and a value is text of at most {MaxValueLength}.");
        }
    }
}
