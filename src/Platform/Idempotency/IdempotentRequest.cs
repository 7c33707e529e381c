using System.Text.Json;
using Metering.Platform.Database;
using NodaTime;

namespace Metering.Platform.Idempotency;

/// <summary>
/// A request that came under an idempotency key. Its first transaction takes a lock that ends with it, and its first commit writes the
/// record: work and record are there together or not at all, and of two requests under one key only one can get so far.
/// </summary>
internal sealed class IdempotentRequest(IdempotencyIdentity identity, string apiKeySecret, Instant now)
{
    /// <summary>How long an answer is kept, by the product's clock.</summary>
    public static readonly Duration Lifetime = Duration.FromHours(24);

    private DbSession? holder;

    /// <summary>A transaction of the request has been committed with the record in it.</summary>
    public bool Recorded { get; private set; }

    /// <summary>Whether <see cref="Answer"/> is in the record.</summary>
    public bool AnswerKept { get; private set; }

    /// <summary>Set before the commit that ends the work, so that the record holds it.</summary>
    public StoredAnswer? Answer { get; set; }

    private StoredAnswer? AnswerToKeep => Answer is { MayBeKept: true } ? Answer : null;

    /// <summary>When a transaction has begun.</summary>
    public async Task ClaimAsync(DbSession session, CancellationToken cancellationToken)
    {
        // A request may use several transactions, one after another or one within another; the first holds the lock for all.
        if (Recorded || holder is not null)
        {
            return;
        }

        if (!await session.SingleAsync<bool>(LockSql, new { name = identity.LockName }, cancellationToken))
        {
            throw new RepeatedRequestException(underWay: true);
        }

        holder = session;

        // After the lock, in a statement of its own: who held it before may have committed just now.
        if (await session.SingleAsync<bool>(ExistsSql, Parameters(), cancellationToken))
        {
            throw new RepeatedRequestException(underWay: false);
        }
    }

    /// <summary>When a transaction is about to be committed.</summary>
    public async Task RecordAsync(DbSession session, CancellationToken cancellationToken)
    {
        if (await session.ExecuteAsync(Recorded ? UpdateSql : InsertSql, Parameters(), cancellationToken) != 1)
        {
            throw new InvalidOperationException("The record of an idempotent request was not its own.");
        }
    }

    public void Ended(DbSession session, bool committed)
    {
        holder = ReferenceEquals(holder, session) ? null : holder;
        Recorded |= committed;
        AnswerKept |= committed && AnswerToKeep is not null;
    }

    /// <summary>For work that was committed before its answer was known.</summary>
    public async Task KeepAnswerAsync(MeteringDatabase database, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(cancellationToken);
        await session.ExecuteAsync(UpdateSql, Parameters(), cancellationToken);
    }

    private object Parameters()
    {
        var answer = AnswerToKeep;
        return new
        {
            identity.ApiKeyId, identity.Route, identity.Key, identity.Fingerprint, now, expiresAt = now + Lifetime,
            status = answer?.Status,
            headers = answer is null ? null : JsonSerializer.Serialize(answer.Headers),
            body = answer is null ? null : AnswerSeal.Seal(answer.Body, apiKeySecret),
        };
    }

    private const string LockSql = "select pg_try_advisory_xact_lock(hashtextextended(@name, 0))";

    private const string ExistsSql = """
        select exists (
            select from platform.idempotency_key
            where api_key_id = @ApiKeyId and route = @Route and key = @Key and expires_at > @now
        )
        """;

    private const string InsertSql = """
        insert into platform.idempotency_key (api_key_id, route, key, fingerprint, status, headers, body, created_at, expires_at)
        values (@ApiKeyId, @Route, @Key, @Fingerprint, @status, @headers::jsonb, @body, @now, @expiresAt)
        on conflict (api_key_id, route, key) do update
        set fingerprint = excluded.fingerprint, status = excluded.status, headers = excluded.headers, body = excluded.body,
            created_at = excluded.created_at, expires_at = excluded.expires_at
        where idempotency_key.expires_at <= @now
        """;

    private const string UpdateSql = """
        update platform.idempotency_key
        set status = coalesce(@status, status), headers = coalesce(@headers::jsonb, headers), body = coalesce(@body, body)
        where api_key_id = @ApiKeyId and route = @Route and key = @Key and fingerprint = @Fingerprint
        """;
}
