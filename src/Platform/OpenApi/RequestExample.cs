using System.Collections.Immutable;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;

namespace Metering.Platform.OpenApi;

/// <summary>A body that the route takes. Examples are sent to a running Host by a test.</summary>
/// <param name="Given">The operations whose examples have to be sent before, besides those that create what the path names.</param>
public sealed record RequestExample(JsonElement Body, ImmutableArray<string> Given);

/// <summary>A body that a route reads by itself.</summary>
public sealed record DocumentedBody(Type Type, ImmutableArray<string> ContentTypes);

/// <summary>A query parameter that a route reads by itself.</summary>
public sealed record DocumentedParameter(string Name, string Description, bool IsList);

/// <summary>What a route says of itself for the document, beside <c>WithName</c>, <c>WithSummary</c> and <c>Produces</c>.</summary>
public static class DocumentedRoutes
{
    /// <param name="json">Sent by a test, which expects the success that the route documents.</param>
    /// <param name="given">Operation ids, such as <c>createCustomer</c>.</param>
    public static TBuilder WithExample<TBuilder>(this TBuilder builder, string json, params ImmutableArray<string> given)
        where TBuilder : IEndpointConventionBuilder =>
        builder.WithMetadata(new RequestExample(JsonElement.Parse(json), given));

    /// <summary>For routes that read the body from the request themselves.</summary>
    public static TBuilder WithRequestBody<TBuilder>(this TBuilder builder, Type type, params ImmutableArray<string> contentTypes)
        where TBuilder : IEndpointConventionBuilder =>
        builder.WithMetadata(new DocumentedBody(type, contentTypes));

    /// <summary>For routes that read the query string themselves.</summary>
    public static TBuilder WithQueryParameter<TBuilder>(this TBuilder builder, string name, string description, bool isList = false)
        where TBuilder : IEndpointConventionBuilder =>
        builder.WithMetadata(new DocumentedParameter(name, description, isList));
}
