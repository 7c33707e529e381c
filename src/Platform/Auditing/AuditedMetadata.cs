using System.Collections.Immutable;
using Microsoft.AspNetCore.Builder;

namespace Metering.Platform.Auditing;

/// <summary>Marks a route whose changes are written to the audit trail.</summary>
/// <param name="Actions">At least one of them is recorded before a transaction of the route commits.</param>
public sealed record AuditedMetadata(ImmutableArray<string> Actions);

/// <summary>Said beside the route.</summary>
public static class AuditedRoutes
{
    /// <summary>
    /// The route changes something and records one of these actions: a transaction that would commit without it is refused. A POST that is
    /// audited takes an <c>Idempotency-Key</c>.
    /// </summary>
    public static TBuilder Audited<TBuilder>(this TBuilder builder, params ImmutableArray<string> actions)
        where TBuilder : IEndpointConventionBuilder =>
        builder.WithMetadata(new AuditedMetadata(actions));
}
