using System.Collections.Immutable;
using System.Text.Json;
using Metering.Ingest.Events;
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

namespace Metering.Ingest.Corrections;

/// <summary>
/// <c>POST /api/v1/events/corrections</c>: recorded events are amended or voided by source and id, all of them or none. The events stay as they
/// were recorded; every question from here on is answered as corrected, and one as of an earlier watermark as before.
/// </summary>
internal static class CorrectEvents
{
    public static void MapCorrectEvents(this IEndpointRouteBuilder routes) =>
        routes.MapPost("/api/v1/events/corrections", CorrectAsync).RequireScope(Scope.EventsWrite).Audited("event.correct")
            .WithName("correctEvents").WithSummary("Amend or void recorded events").Produces<CorrectionReport>()
            .WithRequestBody(typeof(CorrectionBody[]), "application/json")
            .WithExample(
                """
                [{"source":"gateway","id":"5c10fade-1c9e-4d6c-8275-c52c36731d3c","action":"amend","data":{"total_tokens":400,"model":"small"},
                  "reason":"The gateway counted a retried request twice"}]
                """, "ingestEvents");

    private static async Task<IResult> CorrectAsync(
        CorrectionBody[] body, MeteringDatabase database, EventValidation validation, IClock clock, CancellationToken cancellationToken)
    {
        var errors = CorrectionRules.Check(body).ToArray();
        if (errors.Length > 0)
        {
            return Problem.Invalid(errors);
        }

        var now = clock.GetCurrentInstant();
        await using var session = await database.BeginAsync(cancellationToken);
        await CorrectionBatch.LockAsync(session, cancellationToken);
        Guid[] keys = [.. body.Select(item => EventIdentity.Key(item.Source, item.Id))];
        var known = await EventVersions.FindAsync(session, keys, cancellationToken);
        if (await DetachedAsync(body, session, cancellationToken) is { Length: > 0 } detached)
        {
            return Problem.Invalid(detached);
        }

        if (Unknown(body, keys, known) is { Count: > 0 } unknown)
        {
            return Problem.Of(ProblemType.NotFound, "Events that were not recorded can not be corrected; nothing was.", unknown);
        }

        ImmutableArray<Correction> corrections = [.. body.Select((item, index) => Correction.Of(item, known[keys[index]]))];
        var amended = corrections.Where(correction => correction is { Changes: true, IsVoid: false }).ToArray();
        var refused = await validation.CheckAsync(
            [.. amended.Select(correction => correction.After.ToEvent())], index => $"/{corrections.IndexOf(amended[index])}", cancellationToken);
        if (refused.Count > 0)
        {
            return Problem.Invalid(refused);
        }

        if (!corrections.Any(correction => correction.Changes))
        {
            return Results.Ok(CorrectionReport.Of(null, body, corrections));
        }

        var batch = await CorrectionBatch.RecordAsync(session, [.. corrections.Where(correction => correction.Changes)], now, cancellationToken);
        var report = CorrectionReport.Of(batch, body, corrections);
        await AuditTrail.RecordAsync(session, new AuditEntry("event.correct", $"{batch}", now, null, report), cancellationToken);
        return await session.CommitAsync(Results.Ok(report), cancellationToken);
    }

    /// <summary>Of a month whose events are elsewhere only the sums are left, from which nothing can be taken.</summary>
    private static async Task<FieldError[]> DetachedAsync(CorrectionBody[] body, DbSession session, CancellationToken cancellationToken)
    {
        var months = (await session.QueryAsync<Instant>("select month from ingest.detached_month", null, cancellationToken)).ToHashSet();
        return
        [
            .. body.Select((item, index) => (item.Time, index))
                .Where(item => item.Time is { } time && months.Contains(
                    time.InUtc().Date.With(DateAdjusters.StartOfMonth).AtStartOfDayInZone(DateTimeZone.Utc).ToInstant()))
                .Select(item => new FieldError($"/{item.index}/time", "archived", "The events of that month are detached; attach them first.")),
        ];
    }

    private static List<FieldError> Unknown(CorrectionBody[] body, Guid[] keys, IReadOnlyDictionary<Guid, EventVersion> known)
    {
        var unknown = new List<FieldError>();
        for (var i = 0; i < body.Length; i++)
        {
            if (!known.ContainsKey(keys[i]))
            {
                unknown.Add(new FieldError($"/{i}/id", "not_found", "No event with this source and id is recorded, or its month is detached."));
            }
        }

        return unknown;
    }
}

/// <summary>One event corrected.</summary>
/// <param name="Source">Of the event as it was recorded.</param>
/// <param name="Id">Of the event as it was recorded.</param>
/// <param name="Action"><c>void</c>: it counts no more. <c>amend</c>: it counts as said here; an event that was voided counts again.</param>
/// <param name="Reason">For those who look at it later.</param>
/// <param name="Data">Amended: replaces the data as a whole. Absent: as it is.</param>
/// <param name="Time">Amended: when it happened.</param>
/// <param name="Subject">Amended: whose usage it is.</param>
/// <param name="Type">Amended: which meters count it.</param>
internal sealed record CorrectionBody(
    string Source, string Id, string Action, string Reason, JsonElement? Data = null, Instant? Time = null, string? Subject = null,
    string? Type = null);

/// <summary>What was corrected.</summary>
/// <param name="Batch">The first watermark that sees the corrections; absent when nothing changed.</param>
internal sealed record CorrectionReport(long? Batch, int Amended, int Voided, int Unchanged, ImmutableArray<CorrectionResult> Results)
{
    public static CorrectionReport Of(long? batch, CorrectionBody[] body, ImmutableArray<Correction> corrections)
    {
        ImmutableArray<CorrectionResult> results =
            [.. corrections.Select((correction, index) => new CorrectionResult(index, body[index].Source, body[index].Id, correction.Outcome))];
        int With(string outcome) => results.Count(result => result.Outcome == outcome);
        return new CorrectionReport(batch, With("amended"), With("voided"), With("unchanged"), results);
    }
}

/// <param name="Outcome">amended, voided, or unchanged when the event said just this before.</param>
internal sealed record CorrectionResult(int Index, string Source, string Id, string Outcome);
