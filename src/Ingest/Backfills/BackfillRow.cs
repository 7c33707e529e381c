using Metering.Ingest.Usage;
using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.Identifiers;
using NodaTime;

namespace Metering.Ingest.Backfills;

/// <summary>A backfill as it is stored.</summary>
internal sealed class BackfillRow
{
    public const string Open = "open";
    public const string Closing = "closing";
    public const string Closed = "closed";
    public const string Reverting = "reverting";
    public const string Reverted = "reverted";

    public int Number { get; init; }
    public Guid Id { get; init; }
    public required string Name { get; init; }
    public string? Description { get; init; }
    public required string Status { get; init; }

    /// <summary>Stands in its events in place of a batch: greater than every watermark, so that none of them is seen by its number.</summary>
    public long EventBatch { get; init; }
    public long? Batch { get; init; }
    public long? RevertedBatch { get; init; }
    public long Received { get; init; }
    public long Staged { get; init; }
    public long Accepted { get; init; }
    public long Duplicate { get; init; }
    public long Conflict { get; init; }
    public long Invalid { get; init; }
    public Instant OpenedAt { get; init; }
    public Instant? ClosedAt { get; init; }
    public Instant? RevertedAt { get; init; }

    public const string Columns = """
        number, id, name, description, status, event_batch as eventBatch, batch, reverted_batch as revertedBatch, received, staged, accepted,
        duplicate, conflict, invalid, opened_at as openedAt, closed_at as closedAt, reverted_at as revertedAt
        """;

    /// <summary>Its number among backfills, above every watermark.</summary>
    public static long EventBatchOf(long number) => Watermark.Latest + number;

    public BackfillView ToView() => new(
        PublicId.Format(Id), Name, Description, Status, Received, Staged, Accepted, Duplicate, Conflict, Invalid, Batch, RevertedBatch, OpenedAt,
        ClosedAt, RevertedAt);

    public static Task<BackfillRow?> FindAsync(DbSession session, string id, CancellationToken cancellationToken) =>
        PublicId.TryParse(id, out var parsed)
            ? session.FirstOrNoneAsync<BackfillRow>(FindSql, new { id = parsed }, cancellationToken)
            : Task.FromResult<BackfillRow?>(null);

    /// <summary>Whoever loads, closes or reverts a backfill has it for itself.</summary>
    public static Task<BackfillRow?> FindForChangeAsync(DbSession session, string id, CancellationToken cancellationToken) =>
        PublicId.TryParse(id, out var parsed)
            ? session.FirstOrNoneAsync<BackfillRow>($"{FindSql} for update", new { id = parsed }, cancellationToken)
            : Task.FromResult<BackfillRow?>(null);

    private const string FindSql = $"select {Columns} from ingest.backfill where id = @id";
}

/// <summary>A named set of events that is counted all at once, and can be taken back as one.</summary>
/// <param name="Status">
/// <c>open</c>: events are loaded, and none is seen. <c>closing</c>: they are on their way in, and none is seen. <c>closed</c>: all of them count.
/// <c>reverting</c> and <c>reverted</c>: none of them counts any more, or none ever did.
/// </param>
/// <param name="Received">How many events were loaded.</param>
/// <param name="Staged">How many wait to be counted.</param>
/// <param name="Accepted">How many are its own; they count when it is closed.</param>
/// <param name="Duplicate">Loaded twice, or recorded before.</param>
/// <param name="Conflict">Loaded or recorded before with other content; kept in the list of conflicts.</param>
/// <param name="Invalid">Of the accepted ones, how many a meter of their type could not read.</param>
/// <param name="Batch">The first watermark that sees it.</param>
/// <param name="RevertedBatch">The first watermark that does not see it any more.</param>
internal sealed record BackfillView(
    string Id, string Name, string? Description, string Status, long Received, long Staged, long Accepted, long Duplicate, long Conflict,
    long Invalid, long? Batch, long? RevertedBatch, Instant OpenedAt, Instant? ClosedAt, Instant? RevertedAt);
