using System.Collections.Immutable;
using Metering.Platform.Identifiers;
using Metering.Subscriptions.Wire;
using NodaTime;

namespace Metering.Subscriptions.Customers.Credentials;

/// <summary>A credential as stored, without its hash.</summary>
/// <param name="FeatureKeys">A list as JSON; null: all that the customer has.</param>
/// <param name="RotatedTo">The credential that takes its place.</param>
internal sealed record CredentialRow(
    Guid Id,
    Guid CustomerId,
    string Name,
    string? FeatureKeys,
    Guid? ApplicationId,
    Guid? AgentId,
    Instant CreatedAt,
    Instant? ExpiresAt,
    Instant? RevokedAt,
    Guid? RotatedTo)
{
    /// <summary>Completed by a where clause.</summary>
    public const string SelectSql = """
        select id, customer_id as customerId, name, feature_keys::text as featureKeys, application_id as applicationId, agent_id as agentId,
               created_at as createdAt, expires_at as expiresAt, revoked_at as revokedAt, rotated_to as rotatedTo
        from subscriptions.credential
        """;

    public const string FindSql = SelectSql + " where id = @id and customer_id = @customerId";

    public const string InsertSql = """
        insert into subscriptions.credential
            (id, customer_id, name, key_hash, feature_keys, application_id, agent_id, created_at, expires_at)
        values (@Id, @CustomerId, @Name, @hash, @FeatureKeys::jsonb, @ApplicationId, @AgentId, @CreatedAt, @ExpiresAt)
        """;

    public bool WorksAt(Instant now) => RevokedAt is null && !(ExpiresAt <= now);

    /// <summary>For <see cref="InsertSql"/>.</summary>
    public object ToParameters(byte[] hash) =>
        new { Id, CustomerId, Name, hash, FeatureKeys, ApplicationId, AgentId, CreatedAt, ExpiresAt };

    public CredentialView ToView(Instant now) => new(
        PublicId.Format(Id), Name, RevokedAt is not null ? "revoked" : WorksAt(now) ? "active" : "expired",
        FeatureKeys is null ? null : Metadata.FromJson<ImmutableArray<string>>(FeatureKeys),
        Text(ApplicationId), Text(AgentId), CreatedAt, ExpiresAt, RevokedAt, Text(RotatedTo));

    private static string? Text(Guid? id) => id is { } known ? PublicId.Format(known) : null;
}

/// <summary>A credential as the API shows it.</summary>
/// <param name="Status">active, expired or revoked.</param>
/// <param name="Features">Absent: all that the customer has.</param>
internal sealed record CredentialView(
    string Id,
    string Name,
    string Status,
    ImmutableArray<string>? Features,
    string? ApplicationId,
    string? AgentId,
    Instant CreatedAt,
    Instant? ExpiresAt,
    Instant? RevokedAt,
    string? RotatedTo);

/// <summary>The only answer that ever holds the secret.</summary>
internal sealed record CreatedCredential(
    string Id,
    string Name,
    string Status,
    ImmutableArray<string>? Features,
    string? ApplicationId,
    string? AgentId,
    Instant CreatedAt,
    Instant? ExpiresAt,
    string Key)
{
    public static CreatedCredential Of(CredentialView view, string secret) => new(
        view.Id, view.Name, view.Status, view.Features, view.ApplicationId, view.AgentId, view.CreatedAt, view.ExpiresAt, secret);
}
