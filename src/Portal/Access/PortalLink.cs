using Metering.Platform.Identifiers;
using NodaTime;

namespace Metering.Portal.Access;

/// <summary>A link that lets a customer in, without its secret.</summary>
internal sealed record PortalLink(Guid Id, Guid CustomerId, string? Subject, Instant CreatedAt, Instant ExpiresAt, Instant? RevokedAt)
{
    public PortalLinkView ToView() => new(PublicId.Format(Id), PublicId.Format(CustomerId), Subject, CreatedAt, ExpiresAt, RevokedAt);
}

/// <summary>As the audit trail shows it.</summary>
internal sealed record PortalLinkView(
    string Id, string CustomerId, string? Subject, Instant CreatedAt, Instant ExpiresAt, Instant? RevokedAt);
