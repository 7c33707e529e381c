using System.Collections.Immutable;
using Metering.Platform.Problems;
using Metering.Subscriptions.Wire;

namespace Metering.Notifications.Rules;

/// <summary>What creates or replaces a rule: OpenMeter's four shapes in one.</summary>
/// <param name="Channels">Ids.</param>
/// <param name="Thresholds">Of balance thresholds only, which need them.</param>
/// <param name="Features">Ids or keys; of rules about entitlements only. Absent: all.</param>
internal sealed record RuleBody(
    string Type,
    string Name,
    ImmutableArray<string> Channels,
    bool Disabled = false,
    ImmutableArray<Threshold>? Thresholds = null,
    ImmutableArray<string>? Features = null,
    ImmutableSortedDictionary<string, string>? Metadata = null)
{
    public const int MaxChannels = 5;
    private const int MaxThresholds = 10;
    private const int MaxFeatures = 100;
    private const decimal MaxValue = 1_000_000_000_000m;

    public FieldErrors Check()
    {
        var errors = new FieldErrors();
        errors.AddIf(!RuleType.All.Contains(Type), "/type", "unknown_value", $"A type is one of {string.Join(", ", RuleType.All)}.");
        Texts.Name(Name, "/name", errors);
        Subscriptions.Wire.Metadata.Check(Metadata, "/metadata", errors);
        errors.AddIf(
            Channels.Length is 0 or > MaxChannels, "/channels", "out_of_range", $"A rule names 1 to {MaxChannels} channels.");
        CheckDistinct(Channels, MaxChannels, "/channels", errors);
        CheckThresholds(errors);
        errors.AddIf(
            Features is not null && RuleType.All.Contains(Type) && !RuleType.IsAboutFeatures(Type), "/features", "not_allowed",
            "A rule about invoices names no features.");
        errors.AddIf(
            Features is { Length: 0 or > MaxFeatures }, "/features", "out_of_range",
            $"1 to {MaxFeatures} features are named, or the field is left out.");
        CheckDistinct(Features ?? [], MaxFeatures, "/features", errors);
        return errors;
    }

    private static void CheckDistinct(ImmutableArray<string> items, int max, string pointer, FieldErrors errors)
    {
        foreach (var (index, item) in items.Take(max).Index())
        {
            errors.AddIf(item is null, $"{pointer}/{index}", "required", "The item is required and is not null.");
            errors.AddIf(item is not null && items.IndexOf(item) < index, $"{pointer}/{index}", "duplicate", "The item is named twice.");
        }
    }

    private void CheckThresholds(FieldErrors errors)
    {
        if (Type != RuleType.BalanceThreshold)
        {
            errors.AddIf(Thresholds is not null, "/thresholds", "not_allowed", $"Only a rule of type {RuleType.BalanceThreshold} has thresholds.");
            return;
        }

        var thresholds = Thresholds ?? [];
        errors.AddIf(
            thresholds.Length is 0 or > MaxThresholds, "/thresholds", thresholds.IsEmpty ? "required" : "out_of_range",
            $"A rule has 1 to {MaxThresholds} thresholds.");
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (index, threshold) in thresholds.Take(MaxThresholds).Index())
        {
            var pointer = $"/thresholds/{index}";
            if (threshold is null)
            {
                errors.Add(pointer, "required", "The threshold is required and is not null.");
                continue;
            }

            errors.AddIf(
                !Threshold.Types.Contains(threshold.Type), $"{pointer}/type", "unknown_value",
                $"A type is one of {string.Join(", ", Threshold.Types)}.");
            errors.AddIf(
                threshold.Value is < 0m or > MaxValue, $"{pointer}/value", "out_of_range", $"A value lies between 0 and {MaxValue:0}.");
            errors.AddIf(!seen.Add(threshold.Identity), pointer, "duplicate", "The threshold is named twice.");
        }
    }
}
