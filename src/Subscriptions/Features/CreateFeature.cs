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

namespace Metering.Subscriptions.Features;

/// <summary><c>POST /api/v1/features</c>: something that can be sold, and the meter that measures its use.</summary>
internal static class CreateFeature
{
    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapPost("/api/v1/features", CreateAsync).RequireScope(Scope.CatalogWrite).Audited("feature.create")
            .WithName("createFeature").WithSummary("Create a feature").Produces<FeatureView>(201)
            .WithExample("""{"key":"tokens","name":"Tokens","meterSlug":"tokens"}""", "createMeter");

    private static async Task<IResult> CreateAsync(
        FeatureBody body, MeterCatalog meters, MeteringDatabase database, IClock clock, CancellationToken cancellationToken)
    {
        var meter = body.MeterSlug is { Length: <= Texts.MaxKeyLength } slug ? await meters.FindAsync(slug, cancellationToken) : null;
        if (body.Check(meter) is { Any: true } errors)
        {
            return errors.ToResult();
        }

        var now = clock.GetCurrentInstant();
        var row = new FeatureRow(
            PublicId.New(now), body.Key, body.Name, meter?.Slug, meter?.EventType, meter?.Aggregation.ToString(),
            Metadata.ToJson(body.Metadata ?? Metadata.None), body.Overlap ?? "sum",
            body.Filters.IsEmpty ? null : Metadata.ToJson(body.Filters), body.UnitCost?.Amount, now, now, null);
        await using var session = await database.BeginAsync(cancellationToken);
        if (await session.ExecuteAsync(InsertSql, row, cancellationToken) == 0)
        {
            return Problem.Of(
                ProblemType.AlreadyExists, "Another feature has this key.", new FieldError("/key", "taken", "Another feature has this key."));
        }

        var view = row.ToView();
        await AuditTrail.RecordAsync(session, new AuditEntry("feature.create", view.Id, now, null, view), cancellationToken);
        return await session.CommitAsync(Results.Created($"/api/v1/features/{view.Id}", view).WithTag(row.Tag), cancellationToken);
    }

    private const string InsertSql = """
        insert into subscriptions.feature
            (id, key, name, meter_slug, event_type, aggregation, metadata, overlap, meter_filters, unit_cost, created_at, updated_at)
        values
            (@Id, @Key, @Name, @MeterSlug, @EventType, @Aggregation, @Metadata::jsonb, @Overlap, @MeterFilters::jsonb, @UnitCost, @CreatedAt,
             @UpdatedAt)
        on conflict (key) where archived_at is null do nothing
        """;
}
