using System.Collections.Immutable;
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
        var errors = new FieldErrors();
        Texts.Key(body.Key, "/key", errors);
        Texts.Name(body.Name, "/name", errors);
        Metadata.Check(body.Metadata, "/metadata", errors);
        var meter = body.MeterSlug is { Length: <= Texts.MaxKeyLength } slug ? await meters.FindAsync(slug, cancellationToken) : null;
        errors.AddIf(
            body.MeterSlug is not null && meter?.Slug != body.MeterSlug, "/meterSlug", "unknown_meter", "There is no meter with this slug.");
        errors.AddIf(
            body.Overlap is not (null or "sum" or "refuse"), "/overlap", "unknown_overlap",
            "What overlapping subscriptions entitle to is the sum, or they refuse each other: sum or refuse.");
        if (errors.Any)
        {
            return errors.ToResult();
        }

        var now = clock.GetCurrentInstant();
        var row = new FeatureRow(
            PublicId.New(now), body.Key, body.Name, meter?.Slug, meter?.EventType, meter?.Aggregation.ToString(),
            Metadata.ToJson(body.Metadata ?? Metadata.None), body.Overlap ?? "sum", now, now, null);
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
        insert into subscriptions.feature (id, key, name, meter_slug, event_type, aggregation, metadata, overlap, created_at, updated_at)
        values (@Id, @Key, @Name, @MeterSlug, @EventType, @Aggregation, @Metadata::jsonb, @Overlap, @CreatedAt, @UpdatedAt)
        on conflict (key) where archived_at is null do nothing
        """;

    private sealed record FeatureBody(
        string Key,
        string Name,
        string? MeterSlug = null,
        ImmutableSortedDictionary<string, string>? Metadata = null,
        string? Overlap = null);
}
