using System.Collections.Immutable;
using System.Text.Json;
using Metering.Ingest.Rollups;
using Metering.Platform.Auditing;
using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.OpenApi;
using Metering.Platform.Problems;
using Metering.Platform.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace Metering.Ingest.Meters;

/// <summary>
/// <c>PUT /api/v1/meters/{idOrSlug}</c>: other words or other dimensions. What a meter measures never changes; another measure is another
/// meter. New dimensions apply to all stored events.
/// </summary>
internal static class UpdateMeter
{
    public static void MapUpdateMeter(this IEndpointRouteBuilder routes) =>
        routes.MapPut("/api/v1/meters/{idOrSlug}", UpdateAsync).RequireScope(Scope.CatalogWrite).Audited("meter.update")
            .WithName("updateMeter").WithSummary("Change the words or dimensions of a meter").Produces<MeterResponse>()
            .WithExample("""{"name":"Tokens of all models","groupBy":{"model":"$.model","region":"$.region"}}""");

    private static async Task<IResult> UpdateAsync(
        string idOrSlug, UpdateMeterRequest request, IfMatch ifMatch, MeteringDatabase database, IClock clock,
        CancellationToken cancellationToken)
    {
        var errors = MeterRules.Check(request.Name, request.Description, request.GroupBy, request.Metadata).ToArray();
        if (errors.Length > 0)
        {
            return Problem.Invalid(errors);
        }

        await using var session = await database.BeginAsync(cancellationToken);
        var watermark = await MeterBackfill.StandStillAsync(session, cancellationToken);
        if (await MeterCatalog.FindAsync(idOrSlug, session, cancellationToken) is not { } meter)
        {
            return Problem.NotFound("meter", idOrSlug);
        }

        var before = MeterResponse.Of(meter);
        if (ifMatch.Refuse(before.Tag) is { } stale)
        {
            return stale;
        }

        var updated = meter with
        {
            Name = request.Name,
            Description = request.Description,
            Metadata = request.Metadata?.ToImmutableSortedDictionary(StringComparer.Ordinal) ?? ImmutableSortedDictionary<string, string>.Empty,
            GroupBy = request.GroupBy?.ToImmutableSortedDictionary(StringComparer.Ordinal) ?? meter.GroupBy,
            UpdatedAt = clock.GetCurrentInstant(),
        };
        await session.ExecuteAsync(UpdateSql, ParametersOf(updated), cancellationToken);
        if (!updated.GroupBy.SequenceEqual(meter.GroupBy))
        {
            await session.ExecuteAsync(MeterVersion.MoveSql, null, cancellationToken);
            await MeterBackfill.BeginAsync(session, updated, watermark, updated.UpdatedAt, cancellationToken);
        }

        var after = MeterResponse.Of((await MeterCatalog.FindAsync(idOrSlug, session, cancellationToken))!);
        await AuditTrail.RecordAsync(session, new AuditEntry("meter.update", after.Id, updated.UpdatedAt, before, after), cancellationToken);
        return await session.CommitAsync(Results.Ok(after).WithTag(after.Tag), cancellationToken);
    }

    private static object ParametersOf(Meter meter) => new
    {
        meter.Id,
        meter.Name,
        meter.Description,
        metadata = JsonSerializer.Serialize(meter.Metadata),
        groupBy = JsonSerializer.Serialize(meter.GroupBy),
        meter.UpdatedAt,
    };

    private const string UpdateSql = """
        update ingest.meter
        set name = @Name,
            description = @Description,
            metadata = @metadata::jsonb,
            group_by = @groupBy::jsonb,
            updated_at = @UpdatedAt
        where id = @Id
        """;
}

/// <param name="GroupBy">Null leaves the dimensions as they are.</param>
internal sealed record UpdateMeterRequest(
    string? Name = null, string? Description = null, Dictionary<string, string>? Metadata = null, Dictionary<string, string>? GroupBy = null);
