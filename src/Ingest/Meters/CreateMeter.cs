using System.Text.Json;
using Metering.Ingest.Filters;
using Metering.Ingest.Rollups;
using Metering.Platform.Auditing;
using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.Identifiers;
using Metering.Platform.OpenApi;
using Metering.Platform.Problems;
using Metering.Platform.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace Metering.Ingest.Meters;

/// <summary><c>POST /api/v1/meters</c>: a meter that also counts the events stored before it.</summary>
internal static class CreateMeter
{
    public static void MapCreateMeter(this IEndpointRouteBuilder routes) =>
        routes.MapPost("/api/v1/meters", CreateAsync).RequireScope(Scope.CatalogWrite).Audited("meter.create")
            .WithName("createMeter").WithSummary("Create a meter").Produces<MeterResponse>(201)
            .WithExample(
                """
                {"slug":"tokens","name":"Tokens","aggregation":"SUM","eventType":"ai.completion","valueProperty":"$.total_tokens",
                 "groupBy":{"model":"$.model"}}
                """);

    private static async Task<IResult> CreateAsync(
        CreateMeterRequest request, MeteringDatabase database, IClock clock, CancellationToken cancellationToken)
    {
        var errors = MeterRules.Check(request).ToArray();
        if (errors.Length > 0)
        {
            return Problem.Invalid(errors);
        }

        var now = clock.GetCurrentInstant();
        await using var session = await database.BeginAsync(cancellationToken);
        var watermark = await MeterBackfill.StandStillAsync(session, cancellationToken);
        if (await session.ExecuteAsync(InsertSql, ParametersOf(request, now), cancellationToken) == 0)
        {
            return Problem.Of(ProblemType.AlreadyExists, "There is a meter with this slug.", new FieldError("/slug", "taken", "The slug is taken."));
        }

        await session.ExecuteAsync(MeterVersion.MoveSql, null, cancellationToken);
        await MeterBackfill.BeginAsync(
            session, (await MeterCatalog.FindAsync(request.Slug, session, cancellationToken))!, watermark, now, cancellationToken);
        var meter = (await MeterCatalog.FindAsync(request.Slug, session, cancellationToken))!;
        var shown = MeterResponse.Of(meter);
        await AuditTrail.RecordAsync(session, new AuditEntry("meter.create", shown.Id, now, null, shown), cancellationToken);
        return await session.CommitAsync(Results.Created($"/api/v1/meters/{shown.Id}", shown).WithTag(shown.Tag), cancellationToken);
    }

    private static object ParametersOf(CreateMeterRequest request, Instant now) => new
    {
        id = PublicId.New(now),
        request.Slug,
        request.Name,
        request.Description,
        metadata = JsonSerializer.Serialize(request.Metadata ?? []),
        request.Aggregation,
        request.EventType,
        request.EventFrom,
        valueProperty = request.Aggregation == AggregationCode.Of(Aggregation.Count) ? null : request.ValueProperty,
        request.ValueExpression,
        eventFilters = JsonSerializer.Serialize(request.EventFilters ?? [], MeteringJson.Options),
        groupBy = JsonSerializer.Serialize(request.GroupBy ?? []),
        now,
    };

    private const string InsertSql = """
        insert into ingest.meter (
            id, slug, name, description, metadata, aggregation, event_type, event_from, value_property, value_expression, event_filters,
            group_by, created_at, updated_at)
        values (
            @id, @Slug, @Name, @Description, @metadata::jsonb, @Aggregation, @EventType, @EventFrom, @valueProperty, @ValueExpression,
            @eventFilters::jsonb, @groupBy::jsonb, @now, @now)
        on conflict (slug) where deleted_at is null do nothing
        """;
}

/// <param name="ValueExpression">
/// Additive, in place of the value property: computes the value from several fields, such as
/// <c>$.input_tokens + 4 * $.output_tokens</c> or <c>ceil($.bytes / 1000)</c>.
/// </param>
/// <param name="EventFilters">Additive: path into the event's data → condition on the text there. Only events that fulfil all are counted.</param>
internal sealed record CreateMeterRequest(
    string Slug,
    string Aggregation,
    string EventType,
    string? Name = null,
    string? Description = null,
    Dictionary<string, string>? Metadata = null,
    Instant? EventFrom = null,
    string? ValueProperty = null,
    Dictionary<string, string>? GroupBy = null,
    string? ValueExpression = null,
    Dictionary<string, TextFilter>? EventFilters = null);
