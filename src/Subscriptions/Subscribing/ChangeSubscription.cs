using System.Collections.Immutable;
using Metering.Ingest.Meters;
using Metering.Platform.Auditing;
using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.OpenApi;
using Metering.Platform.Problems;
using Metering.Platform.Security;
using Metering.Subscriptions.Customers;
using Metering.Subscriptions.Entitlements;
using Metering.Subscriptions.Plans;
using Metering.Subscriptions.Wire;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace Metering.Subscriptions.Subscribing;

/// <summary>
/// <c>POST /api/v1/subscriptions/{id}/change</c>: another plan follows without a gap, for upgrades and downgrades. <c>POST …/migrate</c>: another
/// version of the same plan does. The billing periods go on from the same anchor unless another is named.
/// </summary>
internal static class ChangeSubscription
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/api/v1/subscriptions/{id}/change", ChangeAsync).RequireScope(Scope.CustomersWrite).Audited("subscription.change")
            .WithName("changeSubscription").WithSummary("Let another plan follow").Produces<ChangedView>().WithTags("Subscriptions")
            .WithExample("""{"timing":"immediate","plan":{"key":"pro"}}""");
        routes.MapPost("/api/v1/subscriptions/{id}/migrate", MigrateAsync).RequireScope(Scope.CustomersWrite).Audited("subscription.migrate")
            .WithName("migrateSubscription").WithSummary("Let another version of the plan follow").Produces<ChangedView>()
            .WithTags("Subscriptions");
    }

    private static async Task<IResult> ChangeAsync(
        string id, ChangeBody body, IfMatch ifMatch, MeteringDatabase database, MeterCatalog meters, EntitlementSync entitlements,
        IClock clock, CancellationToken cancellationToken)
    {
        var terms = body.ToTerms();
        var errors = new FieldErrors();
        terms.Check(errors);
        if (errors.Any)
        {
            return errors.ToResult();
        }

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

        var (plan, refusal) = await SelectedPlan.FindAsync(session, terms, meters, now, cancellationToken);
        return refusal ?? await FollowAsync(session, entitlements, row, plan!, terms, body.Timing, "change", now, cancellationToken);
    }

    private static async Task<IResult> MigrateAsync(
        string id, MigrateBody? asked, IfMatch ifMatch, MeteringDatabase database, MeterCatalog meters, EntitlementSync entitlements,
        IClock clock, CancellationToken cancellationToken)
    {
        var body = asked ?? new MigrateBody();
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

        if (row.PlanKey is not { } key)
        {
            return Problem.Of(ProblemType.Conflict, "The subscription has a plan of its own, which has no versions; change it instead.");
        }

        var target = body.TargetVersion is { } version
            ? await PlanRow.FindVersionAsync(session, key, version, cancellationToken)
            : await PlanRow.FindAsync(session, key, now, cancellationToken);
        if (target is null)
        {
            return Problem.Invalid("/targetVersion", "unknown_plan", "The plan has no such version.");
        }

        if (target.Version == row.PlanVersion)
        {
            return Problem.Of(
                ProblemType.Conflict, $"The subscription follows version {target.Version} already.",
                new FieldError("/targetVersion", "same_version", $"The subscription follows version {target.Version} already."));
        }

        var (plan, refusal) = await SelectedPlan.OfAsync(session, target, meters, now, cancellationToken);
        var terms = new SubscriptionTerms(
            new PlanChoice(key, target.Version), null, body.StartingPhase, body.BillingAnchor, row.Name, row.Description,
            Wire.Metadata.ParseOrNull(row.Metadata), null, null);
        return refusal ?? await FollowAsync(session, entitlements, row, plan!, terms, body.Timing, "migrate", now, cancellationToken);
    }

    /// <summary>One ends where the other begins.</summary>
    private static async Task<IResult> FollowAsync(
        DbSession session, EntitlementSync entitlements, SubscriptionRow row, SelectedPlan plan, SubscriptionTerms terms, string? timing,
        string verb, Instant now, CancellationToken cancellationToken)
    {
        var customer = (await CustomerRow.FindAsync(session, row.CustomerId, cancellationToken))!;
        if (plan.RefuseFor(customer, terms.StartingPhase) is { } unfit)
        {
            return unfit;
        }

        if (row.StatusAt(now) is not ("active" or "canceled") and var status)
        {
            return Problem.Of(ProblemType.Conflict, $"The subscription is {status}; only one that runs can be followed by another.");
        }

        if (SubscriptionChanges.TryResolve(row, timing, now, out var at) is { } untimely)
        {
            return untimely;
        }

        if (await SubscriptionOverlap.RefuseFollowedAsync(session, row, now, cancellationToken) is { } followed)
        {
            return followed;
        }

        var ended = await SubscriptionWriting.EndAsync(session, row, at, verb + "d", now, cancellationToken);
        var (next, spec) = SubscriptionStart.Of(customer, plan, terms, at, row.BillingAnchor, now);
        await SubscriptionWriting.AddAsync(session, next, spec, follows: row.Id, now, cancellationToken);
        if (await SubscriptionWriting.EntitleAsync(session, entitlements, row.CustomerId, now, cancellationToken) is { } refused)
        {
            return refused;
        }

        var content = await SubscriptionContent.OfAsync(session, next.Id, cancellationToken);
        await SubscriptionWriting.AuditAsync(session, $"subscription.{verb}", row, ended, now, cancellationToken);
        await SubscriptionWriting.AuditAsync(session, "subscription.create", null, next, now, cancellationToken);
        var answer = new ChangedView(ended.ToView(now, phases: null), next.ToView(now, content.ToViews(next, activeTo: null, now)));
        return await session.CommitAsync(Results.Ok(answer), cancellationToken);
    }

    private sealed record ChangedView(SubscriptionView Current, SubscriptionView Next);

    private sealed record ChangeBody(
        string Timing,
        PlanChoice? Plan = null,
        CustomPlanBody? CustomPlan = null,
        Instant? BillingAnchor = null,
        string? StartingPhase = null,
        string? Name = null,
        string? Description = null,
        string? SettlementMode = null,
        string? CostBasisMode = null,
        AlignmentBody? Alignment = null,
        ImmutableSortedDictionary<string, string>? Metadata = null)
    {
        public SubscriptionTerms ToTerms() =>
            new(Plan, CustomPlan, StartingPhase, BillingAnchor, Name, Description, Metadata, SettlementMode, CostBasisMode);
    }

    private sealed record MigrateBody(
        string? Timing = null, int? TargetVersion = null, string? StartingPhase = null, Instant? BillingAnchor = null);
}
