using System.Collections.Immutable;
using System.Text.Json;
using Metering.Notifications.Secrets;
using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.Identifiers;
using Metering.Subscriptions.Wire;
using NodaTime;

namespace Metering.Notifications.Channels;

/// <summary>A channel as stored.</summary>
internal sealed record ChannelRow(
    Guid Id, string Name, string Url, byte[] Sealed, bool Disabled, string Metadata, Instant CreatedAt, Instant UpdatedAt, Instant? DeletedAt)
{
    /// <summary>Completed by a where clause.</summary>
    public const string SelectSql = """
        select id, name, url, sealed, disabled, metadata::text as metadata, created_at as createdAt, updated_at as updatedAt,
               deleted_at as deletedAt
        from notifications.channel
        """;

    private const string ByIdSql = SelectSql + " where id = @id";

    public EntityTag Tag => EntityTag.Of(Id, Name, Url, Convert.ToHexString(Sealed), Disabled, Metadata, UpdatedAt, DeletedAt);

    public static Task<ChannelRow?> FindAsync(DbSession session, string id, CancellationToken cancellationToken) =>
        PublicId.TryParse(id, out var guid)
            ? session.FirstOrNoneAsync<ChannelRow>(ByIdSql, new { id = guid }, cancellationToken)
            : Task.FromResult<ChannelRow?>(null);

    /// <summary>One that is not deleted, locked until the transaction ends.</summary>
    public static async Task<ChannelRow?> FindForChangeAsync(DbSession session, string id, CancellationToken cancellationToken) =>
        PublicId.TryParse(id, out var guid)
            ? await session.FirstOrNoneAsync<ChannelRow>(ByIdSql + " and deleted_at is null for update", new { id = guid }, cancellationToken)
            : null;

    /// <summary>Null when the key that sealed it is gone.</summary>
    public ChannelSecrets? Open(SecretBox box) => OpenSecrets(Sealed, box);

    /// <summary>Null when the key that sealed it is gone.</summary>
    public static ChannelSecrets? OpenSecrets(byte[] sealedText, SecretBox box) =>
        box.TryOpen(sealedText) is { } json ? JsonSerializer.Deserialize<ChannelSecrets>(json, MeteringJson.Options) : null;

    /// <summary>Never with the signing secret: that is answered when it is set.</summary>
    public ChannelView ToView(ChannelSecrets? secrets) => new(
        PublicId.Format(Id), ChannelBody.Webhook, Name, Url, secrets?.Headers is { IsEmpty: false } headers ? headers : null, null, Disabled,
        Subscriptions.Wire.Metadata.ParseOrNull(Metadata), CreatedAt, UpdatedAt, DeletedAt);

    /// <summary>For the audit trail, which outlives every secret: the names of the headers only.</summary>
    public ChannelView ToAuditView(ChannelSecrets? secrets) => ToView(
        secrets is null ? null : secrets with { Headers = secrets.Headers.ToImmutableSortedDictionary(header => header.Key, _ => "…") });
}

/// <summary>What is sealed of a channel.</summary>
internal sealed record ChannelSecrets(string SigningSecret, ImmutableSortedDictionary<string, string> Headers);

/// <summary>A channel as the API shows it.</summary>
internal sealed record ChannelView(
    string Id,
    string Type,
    string Name,
    string Url,
    ImmutableSortedDictionary<string, string>? CustomHeaders,
    string? SigningSecret,
    bool Disabled,
    ImmutableSortedDictionary<string, string>? Metadata,
    Instant CreatedAt,
    Instant UpdatedAt,
    Instant? DeletedAt);

/// <summary>A channel by its name, in rules and deliveries.</summary>
internal sealed record ChannelMeta(string Id, string Type)
{
    public static ChannelMeta Of(Guid id) => new(PublicId.Format(id), ChannelBody.Webhook);
}
