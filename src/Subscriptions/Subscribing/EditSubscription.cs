using System.Collections.Immutable;
using Metering.Ingest.Meters;
using Metering.Platform.Auditing;
using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.Identifiers;
using Metering.Platform.OpenApi;
using Metering.Platform.Problems;
using Metering.Platform.Security;
using Metering.Subscriptions.Entitlements;
using Metering.Subscriptions.Plans;
using Metering.Subscriptions.Subscribing.Spec;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace Metering.Subscriptions.Subscribing;

/// <summary>
/// <c>PATCH /api/v1/subscriptions/{id}</c>: customisations of this one subscription, all or none of them, now or scheduled. What they do not
/// touch keeps its id, its quota and what was paid for it.
/// </summary>
internal static class EditSubscription
{
    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapPatch("/api/v1/subscriptions/{id}", EditAsync).RequireScope(Scope.CustomersWrite).Audited("subscription.edit")
            .WithName("editSubscription").WithSummary("Customise a subscription").Produces<SubscriptionView>()
            .WithTags("Subscriptions")
            .WithExample(
                """
                {"timing":"next_billing_cycle","customizations":[{"op":"add_item","phaseKey":"main","rateCard":{"type":"flat_fee","key":"support",
                 "name":"Support","billingCadence":"P1M","price":{"type":"flat","amount":"15","paymentTerm":"in_advance"}}}]}
                """);

    private static async Task<IResult> EditAsync(
        string id, SubscriptionEditBody body, IfMatch ifMatch, MeteringDatabase database, MeterCatalog meters,
        EntitlementSync entitlements, IClock clock, CancellationToken cancellationToken)
    {
        var now = clock.GetCurrentInstant();
        await using var session = await database.BeginAsync(cancellationToken);
        if (await SubscriptionRow.FindForChangeAsync(session, id, cancellationToken) is not { } row)
        {
            return Problem.NotFound("subscription", id);
        }

        if (ifMatch.Refuse(row.Tag) is { } stale)
        {
            return stale;
        }

        var features = await MeteredFeature.OfAsync([body.AsPlan(row)], session, meters, cancellationToken);
        if (CustomizationChecks.Check(body.Customizations, row, features) is { Any: true } errors)
        {
            return errors.ToResult();
        }

        if (SubscriptionChanges.TryResolve(row, body.Timing, now, out var at) is { } untimely)
        {
            return untimely;
        }

        var spec = await SubscriptionVersions.LatestAsync(session, row.Id, cancellationToken);
        var changes = body.Customizations.Where(customization => customization.Op != CustomizationBody.UnscheduleEdit)
            .Select(customization => customization.ToChange(features, now)).ToImmutableArray();
        var unschedules = body.Customizations.Length - changes.Length;
        var outcome = spec.Apply(new SpecEdit(now, at, row.TimeZone, changes), unschedules > 0, () => PublicId.New(now));
        if (outcome.Refusal is { } refusal)
        {
            return SubscriptionChanges.Refused(refusal, $"/customizations/{refusal.Change + unschedules}");
        }

        var after = await SubscriptionWriting.EditAsync(session, row, outcome.Spec!, "edited", now, cancellationToken);
        if (await SubscriptionWriting.EntitleAsync(session, entitlements, row.CustomerId, now, cancellationToken) is { } refused)
        {
            return refused;
        }

        await AuditAsync(session, (row, spec), (after, outcome.Spec!), now, cancellationToken);
        return await session.CommitAsync(Results.Ok(after.ToView(now, phases: null)).WithTag(after.Tag), cancellationToken);
    }

    /// <summary>With phases and items, because they are what changed.</summary>
    private static async Task AuditAsync(
        DbSession session, (SubscriptionRow Row, SubscriptionSpec Spec) before, (SubscriptionRow Row, SubscriptionSpec Spec) after, Instant now,
        CancellationToken cancellationToken)
    {
        var (old, changed) = (
            await SubscriptionContent.OfAsync(session, before.Spec, cancellationToken),
            await SubscriptionContent.OfAsync(session, after.Spec, cancellationToken));
        await AuditTrail.RecordAsync(
            session,
            new AuditEntry(
                "subscription.edit", PublicId.Format(before.Row.Id), now,
                before.Row.ToView(now, old.ToViews(before.Row, before.Row.ActiveTo, now)),
                after.Row.ToView(now, changed.ToViews(after.Row, after.Row.ActiveTo, now))),
            cancellationToken);
    }

    private sealed record SubscriptionEditBody(ImmutableArray<CustomizationBody> Customizations, string? Timing = null)
    {
        /// <summary>As a plan would have the cards, to find the features they name.</summary>
        public PlanBody AsPlan(SubscriptionRow row) => StandaloneCards.AsPlan(
            [.. (Customizations.IsDefault ? [] : Customizations).Select(customization => customization?.RateCard).OfType<RateCardBody>()],
            row.Currency, row.BillingCadence);
    }
}
