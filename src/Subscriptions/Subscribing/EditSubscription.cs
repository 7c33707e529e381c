using System.Collections.Immutable;
using Metering.Platform.Database;
using Metering.Platform.Identifiers;
using Metering.Platform.Problems;
using Metering.Platform.Security;
using Metering.Subscriptions.Features;
using Metering.Subscriptions.Subscribing.Spec;
using Metering.Subscriptions.Wire;
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
        routes.MapPatch("/api/v1/subscriptions/{id}", EditAsync).RequireScope(Scope.CustomersWrite);

    private static async Task<IResult> EditAsync(
        string id, SubscriptionEditBody body, MeteringDatabase database, IClock clock, CancellationToken cancellationToken)
    {
        var now = clock.GetCurrentInstant();
        await using var session = await database.BeginAsync(cancellationToken);
        if (await SubscriptionRow.FindForChangeAsync(session, id, cancellationToken) is not { } row)
        {
            return Problem.NotFound("subscription", id);
        }

        var features = await FeatureRow.FindAllAsync(session, body.FeatureKeys(), cancellationToken);
        if (CustomizationChecks.Check(body.Customizations, features) is { Any: true } errors)
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

        await SubscriptionWriting.EditAsync(session, row, outcome.Spec!, "edited", now, cancellationToken);
        await session.CommitAsync(cancellationToken);
        return Results.Ok((row with { UpdatedAt = now }).ToView(now, phases: null));
    }

    private sealed record SubscriptionEditBody(ImmutableArray<CustomizationBody> Customizations, string? Timing = null)
    {
        public IEnumerable<string> FeatureKeys() => (Customizations.IsDefault ? [] : Customizations)
            .Select(customization => customization?.RateCard?.FeatureKey).OfType<string>().Where(Texts.IsKey);
    }
}
