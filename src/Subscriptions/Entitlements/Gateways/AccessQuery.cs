using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Metering.Platform.Identifiers;
using Metering.Platform.Problems;
using Metering.Subscriptions.Wire;

namespace Metering.Subscriptions.Entitlements.Gateways;

/// <summary>What a gateway's plugin asks for, again and again, and keeps for a while.</summary>
/// <param name="IncludeCredits">Tells usage that waits for its period from credit that somebody has to buy.</param>
internal sealed record AccessQuery(
    AccessQueryKeys Customer,
    AccessQueryKeys? Feature = null,
    [property: JsonPropertyName("include_credits")] bool? IncludeCredits = null)
{
    private const int MaxKeys = 100;
    private const int MaxKeyLength = 256;

    public FieldErrors Check()
    {
        var errors = new FieldErrors();
        CheckKeys(Customer.Keys, "/customer/keys", errors);
        if (Feature is not null)
        {
            CheckKeys(Feature.Keys, "/feature/keys", errors);
        }

        return errors;
    }

    private static void CheckKeys(ImmutableArray<string> keys, string pointer, FieldErrors errors)
    {
        var count = keys.IsDefault ? 0 : keys.Length;
        errors.AddIf(count is < 1 or > MaxKeys, pointer, "out_of_range", $"1 to {MaxKeys} keys are asked for at a time.");
        for (var i = 0; i < Math.Min(count, MaxKeys); i++)
        {
            errors.AddIf(
                keys[i] is not { Length: >= 1 and <= MaxKeyLength }, $"{pointer}/{i}", "out_of_range", $"A key has 1 to {MaxKeyLength} characters.");
        }
    }
}

internal sealed record AccessQueryKeys(ImmutableArray<string> Keys);

/// <summary>Which customers of the answer: <c>page[size]</c>, and <c>page[after]</c> or <c>page[before]</c>.</summary>
internal readonly record struct AccessQueryPage(int Size, Guid? After, Guid? Before)
{
    private const int MaxSize = 100;

    /// <returns>What is wrong with the parameters; null when nothing is.</returns>
    public static FieldError? TryRead(string? size, string? after, string? before, out AccessQueryPage page)
    {
        page = new AccessQueryPage(MaxSize, null, null);
        if (size is not null)
        {
            if (!int.TryParse(size, System.Globalization.NumberStyles.None, null, out var number) || number is < 1 or > MaxSize)
            {
                return new FieldError("?page[size]", "out_of_range", $"A page holds 1 to {MaxSize} items.");
            }

            page = page with { Size = number };
        }

        if (after is not null && before is not null)
        {
            return new FieldError("?page[before]", "not_allowed", "A page is after one item or before one, not both.");
        }

        foreach (var (name, cursor) in new[] { ("after", after), ("before", before) })
        {
            if (cursor is null)
            {
                continue;
            }

            if (!PublicId.TryParse(cursor, out var id))
            {
                return new FieldError($"?page[{name}]", "invalid_cursor", "A cursor is taken from the answer before.");
            }

            page = name == "after" ? page with { After = id } : page with { Before = id };
        }

        return null;
    }
}
