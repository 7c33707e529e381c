using Metering.Ingest.Meters;
using Metering.Platform.Auditing;
using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.Identifiers;
using Metering.Platform.OpenApi;
using Metering.Platform.Problems;
using Metering.Platform.Security;
using Metering.Subscriptions.Wire;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace Metering.Subscriptions.Plans;

/// <summary><c>POST /api/v1/plans</c>: a draft. Under a key that exists it is the next version; a key has one draft at a time.</summary>
internal static class CreatePlan
{
    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapPost("/api/v1/plans", CreateAsync).RequireScope(Scope.CatalogWrite).Audited("plan.create")
            .WithName("createPlan").WithSummary("Create a draft of a plan").Produces<PlanView>(201)
            .WithExample(
                """
                {"key":"pro","name":"Pro","currency":"USD","billingCadence":"P1M","phases":[{"key":"main","name":"Main","duration":null,
                 "rateCards":[
                  {"type":"flat_fee","key":"platform","name":"Platform fee","billingCadence":"P1M",
                   "price":{"type":"flat","amount":"49.00","paymentTerm":"in_advance"}},
                  {"type":"usage_based","key":"tokens","name":"Tokens","featureKey":"tokens","billingCadence":"P1M",
                   "price":{"type":"tiered","mode":"graduated","tiers":[
                    {"upToAmount":"1000000","flatPrice":null,"unitPrice":{"type":"unit","amount":"0.000002"}},
                    {"flatPrice":null,"unitPrice":{"type":"unit","amount":"0.000001"}}]},
                   "entitlementTemplate":{"type":"metered","issueAfterReset":2000000,"isSoftLimit":false,"usagePeriod":"P1M"}}]}]}
                """, "createFeature");

    private static async Task<IResult> CreateAsync(
        PlanBody body, MeteringDatabase database, MeterCatalog meters, IClock clock, CancellationToken cancellationToken)
    {
        await using var session = await database.BeginAsync(cancellationToken);
        var features = await MeteredFeature.OfAsync([body], session, meters, cancellationToken);
        if (PlanChecks.Check(body, features).Errors is { Any: true } errors)
        {
            return errors.ToResult();
        }

        await PlanRow.LockKeyAsync(session, body.Key, cancellationToken);
        var (latest, hasDraft) = await session.SingleAsync<(int, bool)>(VersionsSql, new { body.Key }, cancellationToken);
        if (hasDraft)
        {
            return Problem.Of(
                ProblemType.AlreadyExists, "The plan has a draft already; change or delete that.",
                new FieldError("/key", "draft_exists", "The plan has a draft already; change or delete that."));
        }

        var now = clock.GetCurrentInstant();
        var row = new PlanRow(
            PublicId.New(now), body.Key, latest + 1, body.Name, body.Description, body.Currency, body.BillingCadence,
            body.ProRatingConfig?.Enabled ?? true, Metadata.ToJson(body.Phases), Metadata.ToJson(body.Metadata ?? Metadata.None),
            null, null, now, now, body.Commitment?.MinimumSpend);
        await session.ExecuteAsync(InsertSql, row, cancellationToken);
        var view = row.ToView(now);
        await AuditTrail.RecordAsync(session, new AuditEntry("plan.create", view.Id, now, null, view), cancellationToken);
        var answer = await PlanView.OfAsync(row, session, meters, now, cancellationToken);
        return await session.CommitAsync(Results.Created($"/api/v1/plans/{view.Id}", answer).WithTag(row.Tag), cancellationToken);
    }

    private const string VersionsSql = """
        select coalesce(max(version), 0), coalesce(bool_or(effective_from is null), false)
        from subscriptions.plan
        where key = @Key
        """;

    private const string InsertSql = """
        insert into subscriptions.plan
            (id, key, version, name, description, currency, billing_cadence, prorates, phases, metadata, created_at, updated_at,
             commitment)
        values
            (@Id, @Key, @Version, @Name, @Description, @Currency, @BillingCadence, @Prorates, @Phases::jsonb, @Metadata::jsonb,
             @CreatedAt, @UpdatedAt, @Commitment)
        """;
}
