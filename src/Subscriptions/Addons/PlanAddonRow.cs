using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.Identifiers;
using Metering.Platform.Problems;
using NodaTime;

namespace Metering.Subscriptions.Addons;

/// <summary>That an add-on can be had with a plan, as stored.</summary>
internal sealed record PlanAddonRow(
    Guid Id,
    Guid PlanId,
    Guid AddonId,
    string FromPlanPhase,
    int? MaxQuantity,
    string Metadata,
    Instant CreatedAt,
    Instant UpdatedAt)
{
    public const int MaxPerPlan = 200;

    public const string ColumnsSql = """
        select pa.id, pa.plan_id as planId, pa.addon_id as addonId, pa.from_plan_phase as fromPlanPhase, pa.max_quantity as maxQuantity,
               pa.metadata::text as metadata, pa.created_at as createdAt, pa.updated_at as updatedAt
        from subscriptions.plan_addon pa
        """;

    private const string OfPlanSql = ColumnsSql + " where pa.plan_id = @planId order by pa.id";

    public static Task<IReadOnlyList<PlanAddonRow>> OfPlanAsync(DbSession session, Guid planId, CancellationToken cancellationToken) =>
        session.QueryAsync<PlanAddonRow>(OfPlanSql, new { planId }, cancellationToken);

    public EntityTag Tag => EntityTag.Of(Id, FromPlanPhase, MaxQuantity, Metadata, UpdatedAt);

    public PlanAddonView ToView(AddonRow addon) => new(
        PublicId.Format(Id), addon.ToView(), FromPlanPhase, MaxQuantity, Wire.Metadata.ParseOrNull(Metadata), CreatedAt, UpdatedAt,
        ValidationErrors: null);
}

/// <summary>That an add-on can be had with a plan, as the API shows it.</summary>
/// <param name="FromPlanPhase">The phase from which on.</param>
/// <param name="MaxQuantity">How many at most; without limit when absent.</param>
internal sealed record PlanAddonView(
    string Id,
    AddonView Addon,
    string FromPlanPhase,
    int? MaxQuantity,
    ImmutableSortedDictionary<string, string>? Metadata,
    Instant CreatedAt,
    Instant UpdatedAt,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] ImmutableArray<FieldError>? ValidationErrors);
