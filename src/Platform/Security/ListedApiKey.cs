using NodaTime;

namespace Metering.Platform.Security;

/// <summary>A key as it is listed: never the secret, never its hash.</summary>
public sealed record ListedApiKey(Guid Id, string Name, string Role, Instant CreatedAt, Instant? ExpiresAt, Instant? RevokedAt);
