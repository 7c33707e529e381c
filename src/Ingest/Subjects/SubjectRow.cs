using System.Text.Json;
using Metering.Platform.Database;
using Metering.Platform.Identifiers;
using NodaTime;

namespace Metering.Ingest.Subjects;

/// <summary>What is stored of a subject that somebody described.</summary>
internal sealed record SubjectRow(
    Guid Id,
    string Key,
    string? DisplayName,
    string? Metadata,
    Instant? CurrentPeriodStart,
    Instant? CurrentPeriodEnd,
    string? StripeCustomerId,
    Instant CreatedAt,
    Instant UpdatedAt)
{
    public SubjectView ToView() => new(
        PublicId.Format(Id), Key, DisplayName, Metadata is null ? null : JsonDocument.Parse(Metadata).RootElement, CurrentPeriodStart,
        CurrentPeriodEnd, StripeCustomerId, CreatedAt, UpdatedAt);

    /// <summary>A key wins over an id that looks like it: subjects may be named by ids of their own.</summary>
    public static async Task<SubjectRow?> FindAsync(DbSession session, string idOrKey, CancellationToken cancellationToken) =>
        await FindByKeyAsync(session, idOrKey, cancellationToken)
        ?? (PublicId.TryParse(idOrKey, out var id)
            ? await session.FirstOrNoneAsync<SubjectRow>(SelectSql + " where id = @id and deleted_at is null", new { id }, cancellationToken)
            : null);

    public static Task<SubjectRow?> FindByKeyAsync(DbSession session, string key, CancellationToken cancellationToken) =>
        session.FirstOrNoneAsync<SubjectRow>(SelectSql + " where key = @key and deleted_at is null", new { key }, cancellationToken);

    public static Task<IReadOnlyList<SubjectRow>> ListAsync(DbSession session, int limit, CancellationToken cancellationToken) =>
        session.QueryAsync<SubjectRow>(
            SelectSql + " where deleted_at is null order by key collate \"C\" limit @limit", new { limit }, cancellationToken);

    /// <summary>Two requests about the same new subject come one after the other.</summary>
    public static Task LockAsync(DbSession session, string[] keys, CancellationToken cancellationToken) =>
        session.ExecuteAsync(LockSql, new { keys }, cancellationToken);

    public static Task<SubjectRow> SaveAsync(
        DbSession session, SubjectRow? known, SubjectBody body, Instant now, CancellationToken cancellationToken)
    {
        var row = known ?? new SubjectRow(PublicId.New(now), body.Key, null, null, null, null, null, now, now);
        var changed = row with
        {
            DisplayName = TextOf(body.DisplayName, row.DisplayName),
            Metadata = body.Metadata.ValueKind switch
            {
                JsonValueKind.Undefined => row.Metadata,
                JsonValueKind.Null => null,
                _ => body.Metadata.GetRawText(),
            },
            CurrentPeriodStart = body.CurrentPeriodStart ?? row.CurrentPeriodStart,
            CurrentPeriodEnd = body.CurrentPeriodEnd ?? row.CurrentPeriodEnd,
            StripeCustomerId = TextOf(body.StripeCustomerId, row.StripeCustomerId),
            UpdatedAt = now,
        };
        return session.SingleAsync<SubjectRow>(SaveSql, changed, cancellationToken);
    }

    public static Task DeleteAsync(DbSession session, Guid id, Instant now, CancellationToken cancellationToken) =>
        session.ExecuteAsync("update ingest.subject set deleted_at = @now, updated_at = @now where id = @id", new { id, now }, cancellationToken);

    private static string? TextOf(JsonElement sent, string? known) => sent.ValueKind switch
    {
        JsonValueKind.Undefined => known,
        JsonValueKind.Null => null,
        _ => sent.GetString(),
    };

    private const string Columns = """
        id, key, display_name as displayName, metadata::text as metadata, current_period_start as currentPeriodStart,
        current_period_end as currentPeriodEnd, stripe_customer_id as stripeCustomerId, created_at as createdAt, updated_at as updatedAt
        """;

    private const string SelectSql = $"select {Columns} from ingest.subject";

    private const string LockSql = """
        select pg_advisory_xact_lock(hashtext('ingest.subject'), hash)
        from (select distinct hashtext(key) as hash from unnest(@keys) as k (key) order by hash) as hashes
        """;

    private const string SaveSql = $"""
        insert into ingest.subject (
            id, key, display_name, metadata, current_period_start, current_period_end, stripe_customer_id, created_at, updated_at)
        values (
            @Id, @Key, @DisplayName, @Metadata::jsonb, @CurrentPeriodStart, @CurrentPeriodEnd, @StripeCustomerId, @CreatedAt, @UpdatedAt)
        on conflict (id) do update
        set display_name = excluded.display_name,
            metadata = excluded.metadata,
            current_period_start = excluded.current_period_start,
            current_period_end = excluded.current_period_end,
            stripe_customer_id = excluded.stripe_customer_id,
            updated_at = excluded.updated_at
        returning {Columns}
        """;
}
