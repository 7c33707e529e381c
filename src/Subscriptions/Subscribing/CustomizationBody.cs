using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Metering.Platform.Identifiers;
using Metering.Subscriptions.Plans;
using Metering.Subscriptions.Subscribing.Spec;
using NodaTime;

namespace Metering.Subscriptions.Subscribing;

/// <summary>One customisation as OpenMeter writes it; which fields it has depends on <paramref name="Op"/>.</summary>
internal sealed record CustomizationBody(
    string Op,
    string? PhaseKey = null,
    string? ItemKey = null,
    RateCardBody? RateCard = null,
    PhaseToAddBody? Phase = null,
    string? Shift = null,
    string? ExtendBy = null)
{
    public const string UnscheduleEdit = "unschedule_edit";

    /// <summary>For one that was checked and is not <see cref="UnscheduleEdit"/>.</summary>
    public SpecChange ToChange(ImmutableDictionary<string, MeteredFeature> features, Instant now) => Op switch
    {
        "add_item" => new SpecChange.AddItem(
            PhaseKey!, new BoundCard(RateCard!, RateCard!.FeatureKey is { } key ? features.GetValueOrDefault(key)?.Row.Id : null)),
        "remove_item" => new SpecChange.RemoveItem(PhaseKey!, ItemKey!),
        "add_phase" => new SpecChange.AddPhase(
            PublicId.New(now), Phase!.Key, Phase.Name, Phase.Description, Phase.StartAfter, Phase.Duration),
        "remove_phase" => new SpecChange.RemovePhase(PhaseKey!, Shift!),
        "stretch_phase" => new SpecChange.StretchPhase(PhaseKey!, ExtendBy!),
        _ => throw new System.Diagnostics.UnreachableException($"The customisation '{Op}' passed the checks."),
    };
}

/// <param name="StartAfter">ISO 8601, from the start of the subscription; null: with it.</param>
/// <param name="Duration">ISO 8601; absent for a phase that becomes the last.</param>
internal sealed record PhaseToAddBody(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? StartAfter,
    string Key,
    string Name,
    string? Duration = null,
    string? Description = null,
    DiscountsBody? Discounts = null);
