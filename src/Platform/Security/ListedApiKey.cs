using Metering.Platform.Identifiers;
using NodaTime;

namespace Metering.Platform.Security;

/// <summary>A key as it is listed: never the secret, never its hash.</summary>
public sealed record ListedApiKey(
    Guid Id, string Name, string Role, Instant CreatedAt, Instant? ExpiresAt, Instant? RevokedAt, long? IngestEventsPerMinute, long? IngestBurst)
{
    internal ApiKeyView ToView() =>
        new(PublicId.Format(Id), Name, Role, CreatedAt, ExpiresAt, RevokedAt, IngestQuota.Of(IngestEventsPerMinute, IngestBurst));
}

/// <summary>As the API and the audit trail show it.</summary>
internal sealed record ApiKeyView(
    string Id, string Name, string Role, Instant CreatedAt, Instant? ExpiresAt, Instant? RevokedAt, IngestQuota? IngestQuota);
