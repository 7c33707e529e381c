using System.Collections.Immutable;
using Metering.Rating;
using Metering.Subscriptions.Plans;
using Metering.Subscriptions.Wire;

namespace Metering.Subscriptions.Subscribing;

/// <summary>What can be wrong with customisations before anybody looks at the subscription.</summary>
internal static class CustomizationChecks
{
    public const int MaxCustomizations = 100;

    public static FieldErrors Check(
        ImmutableArray<CustomizationBody> customizations, SubscriptionRow subscription, ImmutableDictionary<string, MeteredFeature> features)
    {
        var errors = new FieldErrors();
        var all = customizations.IsDefault ? [] : customizations;
        errors.AddIf(
            all.Length is 0 or > MaxCustomizations, "/customizations", "out_of_range", $"1 to {MaxCustomizations} customisations make an edit.");
        foreach (var (i, customization) in all.Take(MaxCustomizations).Index())
        {
            var at = $"/customizations/{i}";
            if (customization is null)
            {
                errors.Add(at, "required", "A customisation is an object.");
                continue;
            }

            errors.AddIf(
                i > 0 && customization.Op == CustomizationBody.UnscheduleEdit, $"{at}/op", "must_be_first",
                "What is scheduled is taken back before anything else is said.");
            CheckOne(customization, at, errors);
            if (customization.RateCard is { } card)
            {
                errors.AddRange(StandaloneCards.Check(
                    [card], subscription.Currency, subscription.BillingCadence, features, isForSale: true, _ => $"{at}/rateCard"));
            }
        }

        return errors;
    }

    private static void CheckOne(CustomizationBody customization, string at, FieldErrors errors)
    {
        ImmutableArray<string>? fields = customization.Op switch
        {
            "add_item" => ["phaseKey", "rateCard"],
            "remove_item" => ["phaseKey", "itemKey"],
            "add_phase" => ["phase"],
            "remove_phase" => ["phaseKey", "shift"],
            "stretch_phase" => ["phaseKey", "extendBy"],
            CustomizationBody.UnscheduleEdit => [],
            _ => null,
        };
        if (fields is not { } wanted)
        {
            errors.Add(
                $"{at}/op", "unknown_op",
                "A customisation is add_item, remove_item, add_phase, remove_phase, stretch_phase or unschedule_edit.");
            return;
        }

        (string Field, bool Present)[] present =
        [
            ("phaseKey", customization.PhaseKey is not null), ("itemKey", customization.ItemKey is not null),
            ("rateCard", customization.RateCard is not null), ("phase", customization.Phase is not null),
            ("shift", customization.Shift is not null), ("extendBy", customization.ExtendBy is not null),
        ];
        foreach (var (field, isPresent) in present)
        {
            var isWanted = wanted.Contains(field);
            errors.AddIf(isPresent && !isWanted, $"{at}/{field}", "not_allowed", $"{customization.Op} has no {field}.");
            errors.AddIf(!isPresent && isWanted, $"{at}/{field}", "required", $"{customization.Op} needs its {field}.");
        }

        errors.AddIf(
            customization.Shift is not (null or "next" or "prev"), $"{at}/shift", "unknown_shift", "Phases are shifted to the next or the prev.");
        CheckDuration(customization.ExtendBy, $"{at}/extendBy", errors);
        if (customization.Phase is { } phase)
        {
            CheckPhase(phase, $"{at}/phase", errors);
        }
    }

    private static void CheckPhase(PhaseToAddBody phase, string at, FieldErrors errors)
    {
        Texts.Key(phase.Key, $"{at}/key", errors);
        Texts.Name(phase.Name, $"{at}/name", errors);
        Texts.Description(phase.Description, $"{at}/description", errors);
        CheckDuration(phase.StartAfter, $"{at}/startAfter", errors);
        CheckDuration(phase.Duration, $"{at}/duration", errors);
        errors.AddIf(phase.Discounts is not null, $"{at}/discounts", "not_supported", "Discounts belong to the items of a phase.");
    }

    private static void CheckDuration(string? text, string pointer, FieldErrors errors) => errors.AddIf(
        text is not null && !Cadence.TryParse(text, out _), pointer, "invalid_duration", "A duration is ISO 8601 of one unit, such as P14D or P1M.");
}
