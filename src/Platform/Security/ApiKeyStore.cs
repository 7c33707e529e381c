using System.Security.Cryptography;
using Metering.Platform.Auditing;
using Metering.Platform.Database;
using Metering.Platform.Identifiers;
using NodaTime;

namespace Metering.Platform.Security;

/// <summary>The operators' API keys; not those of customers, which a sidecar checks.</summary>
public sealed class ApiKeyStore(MeteringDatabase database)
{
    /// <summary>In a transaction of its own. A key that is known already stays as it is.</summary>
    public async Task AddAsync(ApiKey key, string name, Role role, Instant? expiresAt, Instant now, CancellationToken cancellationToken)
    {
        await using var session = await database.BeginAsync(cancellationToken);
        await AddAsync(session, key, name, role, expiresAt, null, now, cancellationToken);
        await session.CommitAsync(cancellationToken);
    }

    internal static async Task<ListedApiKey> AddAsync(
        DbSession session, ApiKey key, string name, Role role, Instant? expiresAt, IngestQuota? quota, Instant now,
        CancellationToken cancellationToken)
    {
        var added = new ListedApiKey(PublicId.New(now), name, role.Name, now, expiresAt, null, quota?.EventsPerMinute, quota?.Burst);
        var parameters = new
        {
            added.Id, name, role = role.Name, hash = key.Hash(), expiresAt, now, added.IngestEventsPerMinute, added.IngestBurst,
        };
        if (await session.ExecuteAsync(InsertSql, parameters, cancellationToken) == 1)
        {
            var view = added.ToView();
            await AuditTrail.RecordAsync(session, new AuditEntry("api_key.create", view.Id, now, null, view), cancellationToken);
        }

        return added;
    }

    /// <summary>Null when no key with this secret is valid at <paramref name="now"/>.</summary>
    public async Task<KnownApiKey?> FindAsync(string secret, Instant now, CancellationToken cancellationToken)
    {
        var hash = ApiKey.HashOf(secret);
        await using var session = await database.OpenAsync(cancellationToken);
        var row = await session.FirstOrNoneAsync<KeyRow>(FindSql, new { hash, now }, cancellationToken);

        // The index has compared already; comparing again in constant time keeps the answer independent of its timing.
        return row is not null && CryptographicOperations.FixedTimeEquals(row.KeyHash, hash)
            ? row.ToKnown()
            : null;
    }

    public async Task<bool> AnyAsync(Role role, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(cancellationToken);
        return await session.SingleAsync<bool>(AnySql, new { role = role.Name }, cancellationToken);
    }

    public async Task<IReadOnlyList<ListedApiKey>> ListAsync(CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(cancellationToken);
        return await session.QueryAsync<ListedApiKey>(ListSql, null, cancellationToken);
    }

    /// <returns>False when there is no such key.</returns>
    public async Task<bool> RevokeAsync(Guid id, Instant now, CancellationToken cancellationToken)
    {
        await using var session = await database.BeginAsync(cancellationToken);
        if (await session.FirstOrNoneAsync<ListedApiKey>(LockSql, new { id }, cancellationToken) is not { } key)
        {
            return false;
        }

        if (key.RevokedAt is null)
        {
            await session.ExecuteAsync("update platform.api_key set revoked_at = @now where id = @id", new { id, now }, cancellationToken);
            var (before, after) = (key.ToView(), (key with { RevokedAt = now }).ToView());
            await AuditTrail.RecordAsync(session, new AuditEntry("api_key.revoke", before.Id, now, before, after), cancellationToken);
            await session.CommitAsync(cancellationToken);
        }

        return true;
    }

    /// <param name="quota">Null: none.</param>
    /// <returns>False when there is no such key.</returns>
    internal async Task<bool> SetIngestQuotaAsync(Guid id, IngestQuota? quota, Instant now, CancellationToken cancellationToken)
    {
        await using var session = await database.BeginAsync(cancellationToken);
        if (await session.FirstOrNoneAsync<ListedApiKey>(LockSql, new { id }, cancellationToken) is not { } key)
        {
            return false;
        }

        await session.ExecuteAsync(QuotaSql, new { id, eventsPerMinute = quota?.EventsPerMinute, burst = quota?.Burst }, cancellationToken);
        var after = (key with { IngestEventsPerMinute = quota?.EventsPerMinute, IngestBurst = quota?.Burst }).ToView();
        await AuditTrail.RecordAsync(session, new AuditEntry("api_key.ingest_quota", after.Id, now, key.ToView(), after), cancellationToken);
        await session.CommitAsync(cancellationToken);
        return true;
    }

    private const string QuotaSql = """
        update platform.api_key
        set ingest_events_per_minute = @eventsPerMinute, ingest_burst = @burst
        where id = @id
        """;

    private const string InsertSql = """
        insert into platform.api_key (id, name, role, key_hash, created_at, expires_at, ingest_events_per_minute, ingest_burst)
        values (@Id, @name, @role, @hash, @now, @expiresAt, @IngestEventsPerMinute, @IngestBurst)
        on conflict (key_hash) do nothing
        """;

    private const string FindSql = """
        select id, name, role, key_hash as keyHash, ingest_events_per_minute as ingestEventsPerMinute, ingest_burst as ingestBurst
        from platform.api_key
        where key_hash = @hash
          and revoked_at is null
          and (expires_at is null or expires_at > @now)
        """;

    private const string AnySql = "select exists (select from platform.api_key where role = @role and revoked_at is null)";

    private const string SelectSql = """
        select id, name, role, created_at as createdAt, expires_at as expiresAt, revoked_at as revokedAt,
            ingest_events_per_minute as ingestEventsPerMinute, ingest_burst as ingestBurst
        from platform.api_key
        """;

    private const string ListSql = SelectSql + " order by id";

    private const string LockSql = SelectSql + " where id = @id for update";

    private sealed record KeyRow(Guid Id, string Name, string Role, byte[] KeyHash, long? IngestEventsPerMinute, long? IngestBurst)
    {
        public KnownApiKey ToKnown() =>
            new(Id, Name, Security.Role.All.Single(role => role.Name == Role), IngestQuota.Of(IngestEventsPerMinute, IngestBurst));
    }
}
