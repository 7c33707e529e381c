using System.Collections.Immutable;
using Metering.Platform.Identifiers;
using Metering.Rating;
using Metering.Subscriptions.Customers;
using Metering.Subscriptions.Plans;
using Metering.Subscriptions.Subscribing.Spec;
using Metering.Subscriptions.Wire;
using NodaTime;

namespace Metering.Subscriptions.Subscribing;

/// <summary>Begins a subscription: its row and the first version of what it sells.</summary>
internal static class SubscriptionStart
{
    /// <param name="anchor">The billing anchor unless the terms name one.</param>
    public static (SubscriptionRow Row, SubscriptionSpec Spec) Of(
        CustomerRow customer, SelectedPlan plan, SubscriptionTerms terms, Instant activeFrom, Instant anchor, Instant now)
    {
        var body = plan.Body;
        var row = new SubscriptionRow(
            PublicId.New(now), customer.Id, plan.Row?.Id, plan.Row?.Key, body.Name, plan.Row?.Version, terms.Name ?? body.Name, terms.Description,
            body.Currency, body.BillingCadence, terms.BillingAnchor ?? anchor, body.ProRatingConfig?.Enabled ?? true, activeFrom, null,
            Metadata.ToJson(terms.Metadata ?? Metadata.None), now, now, customer.TimeZone, "[]", 1);
        var phases = PhasesOf(plan, terms.StartingPhase, activeFrom, customer.Zone, now);
        return (row, SubscriptionSpec.Begin(activeFrom, body.BillingCadence, phases, now, () => PublicId.New(now)));
    }

    /// <summary>
    /// Puts the phases on the calendar: each starts where the one before it ends, durations are counted in the customer's zone.
    /// <code>
    /// active from 31 Jan   trial P1M [31 Jan ... 28 Feb)   paid [28 Feb ...
    /// </code>
    /// </summary>
    private static ImmutableArray<SpecPhase> PhasesOf(SelectedPlan plan, string? startingPhase, Instant activeFrom, DateTimeZone zone, Instant now)
    {
        var phases = ImmutableArray.CreateBuilder<SpecPhase>();
        var from = activeFrom;
        foreach (var phase in plan.Body.Phases.SkipWhile(phase => startingPhase is not null && phase.Key != startingPhase))
        {
            phases.Add(new SpecPhase(
                PublicId.New(now), phase.Key, phase.Name, phase.Description, from,
                [.. phase.RateCards.Select(card => new SoldCard(Bound(card, plan)))]));
            from = phase.Duration is null ? from : new BillingCalendar(Cadence.Parse(phase.Duration), from, zone).Boundary(1);
        }

        return phases.ToImmutable();
    }

    private static BoundCard Bound(RateCardBody card, SelectedPlan plan) =>
        new(card, card.FeatureKey is null ? null : plan.Features.GetValueOrDefault(card.FeatureKey)?.Row.Id);
}
