using Metering.Platform.Identifiers;
using NodaTime;

namespace Metering.Portal.Access;

/// <summary>A link that lets a customer in, without its secret.</summary>
internal sealed record PortalLink
{
    public required Guid Id { get; init; }

    public required Guid CustomerId { get; init; }

    public required string? Subject { get; init; }

    public required Instant CreatedAt { get; init; }

    public required Instant ExpiresAt { get; init; }

    public Instant? RevokedAt { get; init; }

    /// <summary>The meters that may be asked about, by slug; null is every one. A link with such bounds opens no page.</summary>
    public string[]? AllowedMeters { get; init; }

    /// <summary>Made for the subject; otherwise for the customer with all of its subjects.</summary>
    public required bool BySubject { get; init; }

    public const string Columns = """
        id, customer_id as customerId, subject, created_at as createdAt, expires_at as expiresAt, revoked_at as revokedAt,
        allowed_meters as allowedMeters, by_subject as bySubject
        """;

    public PortalLinkView ToView() =>
        new(PublicId.Format(Id), PublicId.Format(CustomerId), Subject, CreatedAt, ExpiresAt, RevokedAt, AllowedMeters);
}

/// <summary>As the audit trail shows it.</summary>
internal sealed record PortalLinkView(
    string Id, string CustomerId, string? Subject, Instant CreatedAt, Instant ExpiresAt, Instant? RevokedAt, string[]? AllowedMeterSlugs);
