using System.Collections.Immutable;
using Metering.Rating;
using Metering.Subscriptions.Wire;

namespace Metering.Subscriptions.Plans;

/// <summary>Everything that can be wrong with a plan, found in one pass. Pure: the features it may name are handed in.</summary>
internal static class PlanChecks
{
    public const int MaxPhases = 20;
    public const int MaxRateCards = 500;

    /// <summary>Every feature key that the plan names.</summary>
    public static IEnumerable<string> FeatureKeysOf(PlanBody plan) =>
        CardsOf(plan).Select(card => card.FeatureKey).OfType<string>().Where(Texts.IsKey);

    /// <summary>Every rate card of a plan that was not checked yet.</summary>
    public static IEnumerable<RateCardBody> CardsOf(PlanBody plan) => Phases(plan)
        .SelectMany(phase => phase?.RateCards is { IsDefault: false } cards ? cards : [])
        .Where(card => card is not null);

    public static PlanFindings Check(PlanBody plan, ImmutableDictionary<string, MeteredFeature> features)
    {
        var findings = new PlanFindings();
        var errors = findings.Errors;
        Texts.Key(plan.Key, "/key", errors);
        Texts.Name(plan.Name, "/name", errors);
        Texts.Description(plan.Description, "/description", errors);
        Metadata.Check(plan.Metadata, "/metadata", errors);
        errors.AddIf(
            !Currency.TryParse(plan.Currency, out _), "/currency", "unknown_currency", "A currency is a code of ISO 4217 in capitals, such as USD.");
        CheckCadence(plan.BillingCadence, "/billingCadence", errors);
        errors.AddIf(
            plan.ProRatingConfig is { Mode: not "prorate_prices" }, "/proRatingConfig/mode", "unknown_mode", "The only mode is prorate_prices.");
        errors.AddIf(
            plan.SettlementMode is not (null or "credit_then_invoice"), "/settlementMode", "not_supported",
            "The only settlement mode is credit_then_invoice.");
        if (plan.Commitment is { } commitment)
        {
            findings.Add(PlanCommitment.Check(commitment.MinimumSpend), "/commitment", _ => "/minimumSpend");
        }

        CheckPhases(plan, features, findings);
        return findings;
    }

    /// <summary>Money is billed by the hour at the shortest.</summary>
    public static void CheckCadence(string? text, string pointer, FieldErrors errors)
    {
        if (!Cadence.TryParse(text, out var cadence))
        {
            errors.Add(pointer, "invalid_duration", "A cadence is an ISO 8601 duration of one unit, such as P1M, P1Y or P1W.");
            return;
        }

        errors.AddIf(cadence.Unit == CadenceUnit.Minute, pointer, "out_of_range", "The shortest billing cadence is PT1H.");
    }

    private static void CheckPhases(PlanBody plan, ImmutableDictionary<string, MeteredFeature> features, PlanFindings findings)
    {
        var errors = findings.Errors;
        var phases = Phases(plan);
        errors.AddIf(phases.Length is 0 or > MaxPhases, "/phases", "out_of_range", $"A plan has 1 to {MaxPhases} phases.");
        var keys = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (i, phase) in phases.Take(MaxPhases).Index())
        {
            var at = $"/phases/{i}";
            if (phase is null)
            {
                errors.Add(at, "required", "A phase is an object.");
                continue;
            }

            Texts.Key(phase.Key, $"{at}/key", errors);
            errors.AddIf(!keys.Add(phase.Key), $"{at}/key", "duplicate", "Another phase has this key.");
            Texts.Name(phase.Name, $"{at}/name", errors);
            Texts.Description(phase.Description, $"{at}/description", errors);
            Metadata.Check(phase.Metadata, $"{at}/metadata", errors);
            CheckDuration(phase, isLast: i == phases.Length - 1, $"{at}/duration", errors);
            CheckRateCards(plan, phase, at, features, findings);
        }
    }

    private static void CheckDuration(PhaseBody phase, bool isLast, string pointer, FieldErrors errors)
    {
        errors.AddIf(isLast && phase.Duration is not null, pointer, "last_phase_not_open", "The last phase is open: its duration is null.");
        errors.AddIf(
            !isLast && phase.Duration is null, pointer, "open_phase_not_last", "Only the last phase is open; this one hides those after it.");
        errors.AddIf(
            phase.Duration is not null && !Cadence.TryParse(phase.Duration, out _), pointer, "invalid_duration",
            "A duration is ISO 8601 of one unit, such as P14D or P1M.");
    }

    private static void CheckRateCards(
        PlanBody plan, PhaseBody phase, string at, ImmutableDictionary<string, MeteredFeature> features, PlanFindings findings)
    {
        var errors = findings.Errors;
        var cards = phase.RateCards.IsDefault ? [] : phase.RateCards;
        errors.AddIf(cards.Length > MaxRateCards, $"{at}/rateCards", "too_many", $"A phase has at most {MaxRateCards} rate cards.");
        var keys = new HashSet<string>(StringComparer.Ordinal);
        var entitled = new HashSet<string>(StringComparer.Ordinal);
        var prices = ImmutableArray.CreateBuilder<Price?>();
        foreach (var (i, card) in cards.Take(MaxRateCards).Index())
        {
            var pointer = $"{at}/rateCards/{i}";
            if (card is null)
            {
                errors.Add(pointer, "required", "A rate card is an object.");
                prices.Add(null);
                continue;
            }

            errors.AddIf(!keys.Add(card.Key), $"{pointer}/key", "duplicate", "Another rate card of the phase has this key.");
            errors.AddIf(
                card.EntitlementTemplate is not null && card.FeatureKey is { } key && !entitled.Add(key),
                $"{pointer}/entitlementTemplate", "duplicate", "Another rate card of the phase entitles to the same feature.");
            prices.Add(RateCardChecks.Check(card, pointer, features, findings));
        }

        PlanReview.Check(plan, phase with { RateCards = cards }, prices.ToImmutable(), at, findings);
    }

    private static ImmutableArray<PhaseBody> Phases(PlanBody plan) => plan.Phases.IsDefault ? [] : plan.Phases;
}
