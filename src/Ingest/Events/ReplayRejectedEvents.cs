using System.Collections.Immutable;
using System.Text;
using Metering.Ingest.Recording;
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

namespace Metering.Ingest.Events;

/// <summary>
/// <c>POST /api/v1/events/rejected/replay</c>: what was put aside is read again, after its reason is gone: a meter was made or mended, a limit
/// was raised. Rows stay in the list and say what came of them. Doing it again counts nothing twice.
/// </summary>
internal static class ReplayRejectedEvents
{
    public const int MaxEvents = 1_000;

    public static void MapReplayRejectedEvents(this IEndpointRouteBuilder routes) =>
        routes.MapPost("/api/v1/events/rejected/replay", ReplayAsync).RequireScope(Scope.EventsWrite).Audited("rejected_event.replay")
            .WithName("replayRejectedEvents").WithSummary("Read again what could not be stored as an event").Produces<ReplayReport>()
            .WithExample("""{"dryRun":true}""");

    private static async Task<IResult> ReplayAsync(
        ReplayRequest request, MeteringDatabase database, EventIntake intake, EventValidation validation, IClock clock,
        CancellationToken cancellationToken)
    {
        if (request.Numbers is { Count: 0 or > MaxEvents })
        {
            return Problem.Invalid("/numbers", "out_of_range", $"Name 1 to {MaxEvents} rejected events, or none to replay the oldest.");
        }

        var rows = await TakeAsync(request, database, cancellationToken);
        if (request.Numbers?.Except(rows.Select(row => row.Number)).ToArray() is { Length: > 0 } unknown)
        {
            return Problem.Invalid([.. unknown.Select(number => new FieldError(
                $"/numbers/{request.Numbers.ToList().IndexOf(number)}", "not_found", $"There is no rejected event {number}."))]);
        }

        var replays = await Task.WhenAll(rows.Select(row => ReadAsync(row, validation, cancellationToken)));
        if (request.DryRun)
        {
            await ForeseeAsync(replays, database, validation, cancellationToken);
            return Results.Ok(ReportOf(request, replays));
        }

        foreach (var replay in replays.Where(replay => replay.Refusal is null))
        {
            replay.Results = await intake.SubmitAsync(replay.Events, cancellationToken);
        }

        return replays.Length == 0
            ? Results.Ok(ReportOf(request, replays))
            : await MarkAsync(request, replays, database, clock.GetCurrentInstant(), cancellationToken);
    }

    private static async Task<IReadOnlyList<RejectedBody>> TakeAsync(
        ReplayRequest request, MeteringDatabase database, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(cancellationToken);
        return await session.QueryAsync<RejectedBody>(TakeSql, new { numbers = request.Numbers?.ToArray(), MaxEvents }, cancellationToken);
    }

    /// <summary>An event that states no time happened when it was put aside.</summary>
    private static async Task<Replay> ReadAsync(RejectedBody row, EventValidation validation, CancellationToken cancellationToken)
    {
        var read = CloudEventReader.Read(Encoding.UTF8.GetBytes(row.Body), EventBatchForm.Either, row.RecordedAt);
        var errors = read.Malformed.SelectMany(item => item.Errors).ToList();
        if (read.Refusal is { } refusal)
        {
            errors.Add(refusal);
        }

        UsageEvent[] events = [.. read.Events];
        errors.AddRange(await validation.CheckAsync(events, _ => "", cancellationToken));
        var reason = string.Join(" ", errors.Select(error => $"{error.Pointer}: {error.Message}"));
        return new Replay(row.Number, events, errors.Count == 0 && events.Length > 0 ? null : $"{reason}");
    }

    /// <summary>What recording would answer now.</summary>
    private static async Task ForeseeAsync(
        IReadOnlyList<Replay> replays, MeteringDatabase database, EventValidation validation, CancellationToken cancellationToken)
    {
        var meters = await validation.CurrentMetersAsync(cancellationToken);
        await using var session = await database.BeginAsync(cancellationToken);
        UsageEvent[] all = [.. replays.SelectMany(replay => replay.Events)];
        var known = new Dictionary<Guid, long>();
        await KeyTable.FindAsync(session, BatchPlan.Of(all).Keys, known, cancellationToken);
        foreach (var replay in replays.Where(replay => replay.Refusal is null))
        {
            var outcome = BatchPlan.Of(replay.Events).Decide(known);
            foreach (var position in outcome.Accepted)
            {
                if (meters.ErrorOf(replay.Events[position]) is { } error)
                {
                    outcome.Results[position] = EventResult.AcceptedInvalid(error);
                }
            }

            replay.Results = outcome.Results;
        }
    }

    private static async Task<IResult> MarkAsync(
        ReplayRequest request, Replay[] replays, MeteringDatabase database, Instant now, CancellationToken cancellationToken)
    {
        var report = ReportOf(request, replays);
        var parameters = new
        {
            numbers = report.Results.Select(result => result.Number).ToArray(),
            outcomes = report.Results.Select(result => result.Outcome).ToArray(),
            reasons = report.Results.Select(result => result.Reason).ToArray(),
            now,
        };
        await using var session = await database.BeginAsync(cancellationToken);
        await session.ExecuteAsync(MarkSql, parameters, cancellationToken);
        var which = $"{parameters.numbers[0]}-{parameters.numbers[^1]}";
        await AuditTrail.RecordAsync(session, new AuditEntry("rejected_event.replay", which, now, null, report), cancellationToken);
        return await session.CommitAsync(Results.Ok(report), cancellationToken);
    }

    private static ReplayReport ReportOf(ReplayRequest request, IReadOnlyList<Replay> replays)
    {
        ImmutableArray<ReplayResult> results = [.. replays.Select(replay => replay.ToResult())];
        int With(EventOutcome outcome) => results.Count(result => result.Outcome == EventOutcomeName.Of(outcome));
        return new ReplayReport(
            request.DryRun, With(EventOutcome.Accepted), With(EventOutcome.Duplicate), With(EventOutcome.Conflict), With(EventOutcome.Rejected),
            request.Numbers is null && replays.Count == MaxEvents, results);
    }

    private const string TakeSql = """
        select number, body, recorded_at as recordedAt
        from ingest.rejected_event
        where case when @numbers::bigint[] is null then coalesce(replay_outcome, 'rejected') = 'rejected' else number = any(@numbers) end
        order by replayed_at nulls first, number
        limit @MaxEvents
        """;

    private const string MarkSql = """
        update ingest.rejected_event r
        set replayed_at = @now, replay_outcome = m.outcome, replay_reason = m.reason
        from unnest(@numbers, @outcomes, @reasons) as m (number, outcome, reason)
        where r.number = m.number
        """;

    private sealed record RejectedBody(long Number, string Body, Instant RecordedAt);

    /// <summary>A row on its way.</summary>
    private sealed record Replay(long Number, UsageEvent[] Events, string? Refusal)
    {
        public EventResult[] Results { get; set; } = [];

        /// <summary>Of several events in one row the worst outcome is the row's.</summary>
        public ReplayResult ToResult()
        {
            var worst = Refusal is null ? Results.MinBy(result => result.Outcome) : new EventResult(EventOutcome.Rejected, Refusal);
            return new ReplayResult(Number, EventOutcomeName.Of(worst.Outcome), worst.Reason);
        }
    }
}

/// <param name="Numbers">Which rejected events; the oldest that are still rejected when absent.</param>
/// <param name="DryRun">Only tells what would come of it.</param>
internal sealed record ReplayRequest(IReadOnlyList<long>? Numbers = null, bool DryRun = false);

/// <summary>What came of a replay.</summary>
/// <param name="More">There are more rejected events than one replay takes.</param>
internal sealed record ReplayReport(
    bool DryRun, int Accepted, int Duplicate, int Conflict, int Rejected, bool More, ImmutableArray<ReplayResult> Results);

/// <param name="Reason">Why it is rejected still, or in conflict; of an accepted event, why a meter could not read it.</param>
internal sealed record ReplayResult(long Number, string Outcome, string? Reason);
