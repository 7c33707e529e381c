using System.Collections.Immutable;
using Metering.Ingest.Meters;
using Metering.Platform.Auditing;
using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.OpenApi;
using Metering.Platform.Problems;
using Metering.Platform.Security;
using Metering.Subscriptions.Wire;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace Metering.Subscriptions.Plans;

/// <summary><c>PUT /api/v1/plans/{planIdOrKey}</c>: rewrites a draft. What was published stays as it is for ever.</summary>
internal static class ReplacePlan
{
    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapPut("/api/v1/plans/{planIdOrKey}", ReplaceAsync).RequireScope(Scope.CatalogWrite).Audited("plan.replace")
            .WithName("updatePlan").WithSummary("Rewrite a draft").Produces<PlanView>()
            .WithExample(
                """
                {"name":"Pro","billingCadence":"P1M","phases":[{"key":"main","name":"Main","duration":null,
                 "rateCards":[{"type":"flat_fee","key":"platform","name":"Platform fee","billingCadence":"P1M",
                               "price":{"type":"flat","amount":"59.00","paymentTerm":"in_advance"}}]}]}
                """);

    private static async Task<IResult> ReplaceAsync(
        string planIdOrKey, ReplacePlanBody body, IfMatch ifMatch, MeteringDatabase database, MeterCatalog meters, IClock clock,
        CancellationToken cancellationToken)
    {
        var now = clock.GetCurrentInstant();
        await using var session = await database.BeginAsync(cancellationToken);
        if (await PlanRow.FindDraftForChangeAsync(session, planIdOrKey, now, cancellationToken) is not { } row)
        {
            return Problem.NotFound("plan", planIdOrKey);
        }

        if (ifMatch.Refuse(row.Tag) is { } stale)
        {
            return stale;
        }

        if (!row.IsDraft)
        {
            return Problem.Of(
                ProblemType.Conflict, $"Version {row.Version} is {row.StatusAt(now)}; only a draft can be changed. Create the next version.");
        }

        if (body.Key is not null && body.Key != row.Key)
        {
            return Problem.Invalid("/key", "immutable", $"The plan's key is '{row.Key}' and stays so.");
        }

        var plan = body.ToPlan(row);
        var features = await MeteredFeature.OfAsync([plan], session, meters, cancellationToken);
        if (PlanChecks.Check(plan, features).Errors is { Any: true } errors)
        {
            return errors.ToResult();
        }

        var parameters = new
        {
            row.Id, plan.Name, plan.Description, plan.Currency, plan.BillingCadence, prorates = plan.ProRatingConfig?.Enabled ?? true,
            phases = Metadata.ToJson(plan.Phases), metadata = Metadata.ToJson(plan.Metadata ?? Metadata.None), now,
            commitment = plan.Commitment?.MinimumSpend,
        };
        await session.ExecuteAsync(UpdateSql, parameters, cancellationToken);
        var after = (await PlanRow.FindAsync(session, row.Id, cancellationToken))!;
        var view = after.ToView(now);
        await AuditTrail.RecordAsync(session, new AuditEntry("plan.replace", view.Id, now, row.ToView(now), view), cancellationToken);
        var answer = await PlanView.OfAsync(after, session, meters, now, cancellationToken);
        return await session.CommitAsync(Results.Ok(answer).WithTag(after.Tag), cancellationToken);
    }

    private const string UpdateSql = """
        update subscriptions.plan
        set name = @Name,
            description = @Description,
            currency = @Currency,
            billing_cadence = @BillingCadence,
            prorates = @prorates,
            phases = @phases::jsonb,
            metadata = @metadata::jsonb,
            updated_at = @now,
            commitment = @commitment
        where id = @Id
        """;

    /// <param name="Key">May be left out; not another one.</param>
    /// <param name="Currency">Stays when left out.</param>
    private sealed record ReplacePlanBody(
        string Name,
        string BillingCadence,
        ImmutableArray<PhaseBody> Phases,
        string? Key = null,
        string? Currency = null,
        string? Description = null,
        ProRatingBody? ProRatingConfig = null,
        string? SettlementMode = null,
        ImmutableSortedDictionary<string, string>? Metadata = null,
        CommitmentBody? Commitment = null)
    {
        public PlanBody ToPlan(PlanRow row) =>
            new(Name, row.Key, Currency ?? row.Currency, BillingCadence, Phases, Description, ProRatingConfig, SettlementMode, Metadata, Commitment);
    }
}
