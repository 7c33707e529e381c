using Metering.Platform.Auditing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Metering.Platform.Idempotency;

/// <summary>Marks a POST that takes an <c>Idempotency-Key</c> though it is not audited.</summary>
public sealed record IdempotentMetadata;

/// <summary>Said beside the route.</summary>
public static class IdempotentRoutes
{
    /// <summary>Not needed where the route is audited: every audited POST takes an <c>Idempotency-Key</c>.</summary>
    public static TBuilder WithIdempotency<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder =>
        builder.WithMetadata(new IdempotentMetadata());

    internal static bool TakesIdempotencyKey(IEnumerable<object> metadata, string method) =>
        HttpMethods.IsPost(method) && metadata.Any(item => item is AuditedMetadata or IdempotentMetadata);
}
