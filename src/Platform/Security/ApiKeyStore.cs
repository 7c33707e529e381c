using System.Security.Cryptography;
using Metering.Platform.Database;
using Metering.Platform.Identifiers;
using NodaTime;

namespace Metering.Platform.Security;

/// <summary>The operators' API keys; not those of customers, which a sidecar checks.</summary>
public sealed class ApiKeyStore(MeteringDatabase database)
{
    public async Task<Guid> AddAsync(ApiKey key, string name, Role role, Instant? expiresAt, Instant now, CancellationToken cancellationToken)
    {
        var id = PublicId.New(now);
        await using var session = await database.BeginAsync(cancellationToken);
        var parameters = new { id, name, role = role.Name, hash = key.Hash(), expiresAt, now };
        await session.ExecuteAsync(InsertSql, parameters, cancellationToken);
        await session.CommitAsync(cancellationToken);
        return id;
    }

    /// <summary>Null when no key with this secret is valid at <paramref name="now"/>.</summary>
    public async Task<KnownApiKey?> FindAsync(string secret, Instant now, CancellationToken cancellationToken)
    {
        var hash = ApiKey.HashOf(secret);
        await using var session = await database.OpenAsync(cancellationToken);
        var row = await session.FirstOrNoneAsync<KeyRow>(FindSql, new { hash, now }, cancellationToken);

        // The index has compared already; comparing again in constant time keeps the answer independent of its timing.
        return row is not null && CryptographicOperations.FixedTimeEquals(row.KeyHash, hash)
            ? new KnownApiKey(row.Id, row.Name, Role.All.Single(role => role.Name == row.Role))
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
        var revoked = await session.ExecuteAsync(RevokeSql, new { id, now }, cancellationToken) == 1;
        await session.CommitAsync(cancellationToken);
        return revoked;
    }

    private const string InsertSql = """
        insert into platform.api_key (id, name, role, key_hash, created_at, expires_at)
        values (@id, @name, @role, @hash, @now, @expiresAt)
        on conflict (key_hash) do nothing
        """;

    private const string FindSql = """
        select id, name, role, key_hash as keyHash
        from platform.api_key
        where key_hash = @hash
          and revoked_at is null
          and (expires_at is null or expires_at > @now)
        """;

    private const string AnySql = "select exists (select from platform.api_key where role = @role and revoked_at is null)";

    private const string ListSql = """
        select id, name, role, created_at as createdAt, expires_at as expiresAt, revoked_at as revokedAt
        from platform.api_key
        order by id
        """;

    private const string RevokeSql = "update platform.api_key set revoked_at = coalesce(revoked_at, @now) where id = @id";

    private sealed record KeyRow(Guid Id, string Name, string Role, byte[] KeyHash);
}
