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

namespace Metering.Ingest.Backfills;

/// <summary><c>POST /api/v1/events/backfills</c>: a name under which events are loaded. Until it is closed none of them is seen.</summary>
internal static class OpenBackfill
{
    private const int MaxNameLength = 128;
    private const int MaxDescriptionLength = 1_024;

    public static void MapOpenBackfill(this IEndpointRouteBuilder routes) =>
        routes.MapPost("/api/v1/events/backfills", OpenAsync).RequireScope(Scope.EventsWrite).Audited("backfill.open")
            .WithName("openBackfill").WithSummary("Open a backfill of events").Produces<BackfillView>(201)
            .WithExample("""{"name":"gateway-logs-of-march","description":"The gateway could not reach us on 3 March"}""");

    private static async Task<IResult> OpenAsync(
        OpenBackfillRequest request, MeteringDatabase database, IClock clock, CancellationToken cancellationToken)
    {
        if (request.Name.Length is 0 or > MaxNameLength)
        {
            return Problem.Invalid("/name", "invalid_length", $"A name has 1 to {MaxNameLength} characters.");
        }

        if (request.Description is { Length: > MaxDescriptionLength })
        {
            return Problem.Invalid("/description", "too_long", $"A description has at most {MaxDescriptionLength} characters.");
        }

        var now = clock.GetCurrentInstant();
        await using var session = await database.BeginAsync(cancellationToken);
        var number = await session.SingleAsync<int>(NumberSql, null, cancellationToken);
        var parameters = new
        {
            number, id = PublicId.New(now), request.Name, request.Description, eventBatch = BackfillRow.EventBatchOf(number), now,
        };
        if (await session.FirstOrNoneAsync<BackfillRow>(InsertSql, parameters, cancellationToken) is not { } row)
        {
            return Problem.Of(
                ProblemType.AlreadyExists, "There is a backfill with this name.", new FieldError("/name", "taken", "The name is taken."));
        }

        var shown = row.ToView();
        await AuditTrail.RecordAsync(session, new AuditEntry("backfill.open", shown.Id, now, null, shown), cancellationToken);
        return await session.CommitAsync(Results.Created($"/api/v1/events/backfills/{shown.Id}", shown), cancellationToken);
    }

    private const string NumberSql = "select nextval(pg_get_serial_sequence('ingest.backfill', 'number'))::int";

    private const string InsertSql = $"""
        insert into ingest.backfill (number, id, name, description, status, event_batch, opened_at, updated_at)
        overriding system value
        values (@number, @id, @Name, @Description, 'open', @eventBatch, @now, @now)
        on conflict (name) where status <> 'reverted' do nothing
        returning {BackfillRow.Columns}
        """;
}

/// <param name="Name">Free again after the backfill was reverted.</param>
internal sealed record OpenBackfillRequest(string Name, string? Description = null);
