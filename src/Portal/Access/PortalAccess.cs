using Metering.Platform.Auditing;
using Metering.Platform.Database;
using Metering.Platform.Identifiers;
using NodaTime;

namespace Metering.Portal.Access;

/// <summary>Links and the sessions they open. Everything expires by the product's clock.</summary>
internal sealed class PortalAccess(MeteringDatabase database)
{
    /// <summary>A link that was shared too widely must not fill the table; the oldest session gives way.</summary>
    private const int MaxSessionsPerLink = 100;

    /// <returns>The token, which is stored nowhere.</returns>
    public static async Task<string> IssueLinkAsync(
        DbSession session, PortalLink link, Instant now, CancellationToken cancellationToken)
    {
        var token = PortalSecret.New();
        var parameters = new
        {
            link.Id,
            link.CustomerId,
            link.Subject,
            hash = PortalSecret.HashOf(token),
            link.CreatedAt,
            link.ExpiresAt,
            link.AllowedMeters,
            link.BySubject,
        };
        await session.ExecuteAsync(IssueSql, parameters, cancellationToken);
        var view = link.ToView();
        await AuditTrail.RecordAsync(session, new AuditEntry("portal_token.create", view.Id, now, null, view), cancellationToken);
        return token;
    }

    /// <returns>The valid link that has this token; null when there is none.</returns>
    public async Task<PortalLink?> FindLinkAsync(string token, Instant now, CancellationToken cancellationToken)
    {
        if (PortalSecret.HashOf(token) is not { } hash)
        {
            return null;
        }

        await using var session = await database.OpenAsync(cancellationToken);
        return await session.FirstOrNoneAsync<PortalLink>(ByTokenSql, new { hash, now }, cancellationToken);
    }

    /// <returns>The secret of a new session, or null when no valid link has this token.</returns>
    public async Task<string?> OpenSessionAsync(string token, Instant now, CancellationToken cancellationToken)
    {
        if (PortalSecret.HashOf(token) is not { } hash)
        {
            return null;
        }

        await using var session = await database.BeginAsync(cancellationToken);
        if (await session.FirstOrNoneAsync<Guid?>(FindLinkSql, new { hash, now }, cancellationToken) is not { } linkId)
        {
            return null;
        }

        var secret = PortalSecret.New();
        await session.ExecuteAsync(TrimSql, new { linkId, keep = MaxSessionsPerLink - 1 }, cancellationToken);
        await session.ExecuteAsync(OpenSql, new { secretHash = PortalSecret.HashOf(secret), linkId, now }, cancellationToken);
        await session.CommitAsync(cancellationToken);
        return secret;
    }

    /// <returns>The customer whose session this is, or null when it is none or is over.</returns>
    public async Task<Guid?> FindCustomerAsync(string? secret, Instant now, CancellationToken cancellationToken)
    {
        if (PortalSecret.HashOf(secret) is not { } hash)
        {
            return null;
        }

        await using var session = await database.OpenAsync(cancellationToken);
        return await session.FirstOrNoneAsync<Guid?>(FindCustomerSql, new { hash, now }, cancellationToken);
    }

    public async Task CloseSessionAsync(string? secret, CancellationToken cancellationToken)
    {
        await using var session = await database.BeginAsync(cancellationToken);
        await session.ExecuteAsync(CloseSql, new { hash = PortalSecret.HashOf(secret) }, cancellationToken);
        await session.CommitAsync(cancellationToken);
    }

    /// <summary>Ends links, and with them their sessions: one by id, or all of a subject.</summary>
    public async Task RevokeAsync(Guid? id, string? subject, Instant now, CancellationToken cancellationToken)
    {
        await using var session = await database.BeginAsync(cancellationToken);
        var revoked = await session.QueryAsync<PortalLink>(RevokeSql, new { id, subject, now }, cancellationToken);
        foreach (var link in revoked)
        {
            var (before, after) = ((link with { RevokedAt = null }).ToView(), link.ToView());
            await AuditTrail.RecordAsync(session, new AuditEntry("portal_token.invalidate", after.Id, now, before, after), cancellationToken);
        }

        if (revoked.Count > 0)
        {
            await session.CommitAsync(cancellationToken);
        }
    }

    private const string IssueSql = """
        insert into portal.link (id, customer_id, subject, token_hash, created_at, expires_at, allowed_meters, by_subject)
        values (@Id, @CustomerId, @Subject, @hash, @CreatedAt, @ExpiresAt, @AllowedMeters, @BySubject)
        """;

    private const string ByTokenSql = $"""
        select {PortalLink.Columns}
        from portal.link
        where token_hash = @hash
          and revoked_at is null
          and expires_at > @now
        """;

    // Locked, so that two visits at once do not both find room for the last session.
    private const string FindLinkSql = """
        select id
        from portal.link
        where token_hash = @hash
          and revoked_at is null
          and expires_at > @now
          and allowed_meters is null
        for update
        """;

    private const string TrimSql = """
        delete from portal.session
        where secret_hash in (
            select secret_hash
            from portal.session
            where link_id = @linkId
            order by opened_at desc, secret_hash
            offset @keep)
        """;

    private const string OpenSql = """
        insert into portal.session (secret_hash, link_id, opened_at)
        values (@secretHash, @linkId, @now)
        """;

    private const string CloseSql = "delete from portal.session where secret_hash = @hash";

    private const string FindCustomerSql = """
        select link.customer_id
        from portal.session
        join portal.link on link.id = session.link_id
        where session.secret_hash = @hash
          and link.revoked_at is null
          and link.expires_at > @now
        """;

    private const string RevokeSql = $"""
        update portal.link
        set revoked_at = @now
        where revoked_at is null
          and (id = @id or subject = @subject)
        returning {PortalLink.Columns}
        """;
}
