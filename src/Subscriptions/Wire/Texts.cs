using System.Text.RegularExpressions;

namespace Metering.Subscriptions.Wire;

/// <summary>The bounds of names and keys, which are the same on every resource.</summary>
public static partial class Texts
{
    public const int MaxKeyLength = 64;
    public const int MaxNameLength = 256;
    public const int MaxDescriptionLength = 1_024;

    /// <summary>OpenMeter's keys, and hyphens beside its underscores.</summary>
    public static void Key(string? key, string pointer, FieldErrors errors) => errors.AddIf(
        key is null || key.Length > MaxKeyLength || !KeyPattern().IsMatch(key), pointer, "invalid_key",
        $"A key has at most {MaxKeyLength} lower-case letters and digits, joined by single underscores or hyphens.");

    public static void Name(string? name, string pointer, FieldErrors errors) => errors.AddIf(
        name is null || name.Length > MaxNameLength || string.IsNullOrWhiteSpace(name), pointer, "out_of_range",
        $"A name has 1 to {MaxNameLength} characters.");

    public static void Description(string? description, string pointer, FieldErrors errors) => errors.AddIf(
        description?.Length > MaxDescriptionLength, pointer, "out_of_range", $"A description has at most {MaxDescriptionLength} characters.");

    public static bool IsKey(string text) => text.Length <= MaxKeyLength && KeyPattern().IsMatch(text);

    [GeneratedRegex(@"\A[a-z0-9]+(?:[_-][a-z0-9]+)*\z", RegexOptions.CultureInvariant)]
    private static partial Regex KeyPattern();
}
