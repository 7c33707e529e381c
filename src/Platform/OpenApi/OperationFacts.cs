using System.Globalization;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using Metering.Platform.Http;
using Metering.Platform.Idempotency;
using Metering.Platform.Security;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Authorization.Infrastructure;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Metering.Platform.OpenApi;

/// <summary>What the conventions say of an operation, so that no route has to: scope, tag, paging, preconditions, idempotency, errors.</summary>
internal sealed class OperationFacts : IOpenApiOperationTransformer
{
    public const string ModuleExtension = "x-module";
    private const string ScopeExtension = "x-scope";

    public async Task TransformAsync(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        var metadata = context.Description.ActionDescriptor.EndpointMetadata;
        var handler = metadata.OfType<MethodInfo>().FirstOrDefault();
        var method = context.Description.HttpMethod!;
        operation.Extensions ??= new Dictionary<string, IOpenApiExtension>();
        operation.Parameters ??= [];
        if (handler is not null)
        {
            AddTag(operation, metadata, handler, context.Document!);
            AddParameters(operation, handler);
        }

        AddScope(operation, metadata, context.Document!);
        foreach (var parameter in metadata.OfType<DocumentedParameter>())
        {
            operation.Parameters.Add(Query(parameter.Name, parameter.Description, parameter.IsList ? ListOfText() : Text()));
        }

        var takesKey = IdempotentRoutes.TakesIdempotencyKey(metadata, method);
        if (takesKey)
        {
            operation.Parameters.Add(Header(
                IdempotencyMiddleware.HeaderName, "Sent again with the same key and body within 24 hours, the request changes nothing again.", 255));
        }

        await AddBodyAsync(operation, metadata, context, cancellationToken);
        DescribeTextAnswers(operation);
        AddProblems(operation, context.Document!, handler, method, takesKey);
    }

    private static void AddTag(OpenApiOperation operation, IList<object> metadata, MethodInfo handler, OpenApiDocument document)
    {
        // The folder of the slice is the tag, unless the route names another.
        operation.Extensions![ModuleExtension] = new JsonNodeExtension(SchemaNames.ModuleOf(handler.DeclaringType!.Assembly));
        if (!metadata.OfType<ITagsMetadata>().Any(tags => tags.Tags.Count > 0))
        {
            var folder = handler.DeclaringType.Namespace!.Split('.')[^1];
            operation.Tags = new HashSet<OpenApiTagReference> { new(folder, document) };
        }
    }

    private static void AddScope(OpenApiOperation operation, IList<object> metadata, OpenApiDocument document)
    {
        var scopes = metadata.OfType<AuthorizationPolicy>()
            .SelectMany(policy => policy.Requirements.OfType<ClaimsAuthorizationRequirement>())
            .Where(requirement => requirement.ClaimType == ApiKeyAuthentication.ScopeClaim)
            .SelectMany(requirement => requirement.AllowedValues ?? []);
        if (scopes.FirstOrDefault() is { } scope)
        {
            operation.Security = [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(DocumentFacts.ApiKeyScheme, document)] = [] }];
            operation.Extensions![ScopeExtension] = new JsonNodeExtension(scope);
        }
        else if (metadata.OfType<AuthorizationPolicy>().SelectMany(policy => policy.AuthenticationSchemes).FirstOrDefault() is { } other)
        {
            // Not an API key, but a token that some other way of signing in takes in the same header.
            var name = JsonNamingPolicy.CamelCase.ConvertName(other);
            document.AddComponent(name, new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = "bearer" });
            operation.Security = [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(name, document)] = [] }];
        }
    }

    /// <summary>Parameters that read themselves from the request.</summary>
    private static void AddParameters(OpenApiOperation operation, MethodInfo handler)
    {
        foreach (var type in handler.GetParameters().Select(parameter => parameter.ParameterType))
        {
            if (type == typeof(PageRequest))
            {
                operation.Parameters!.Add(Query("page", "Counted from 1.", Whole(1, null, 1)));
                operation.Parameters.Add(Query(
                    "pageSize", "How many items a page holds.", Whole(1, RequestLimits.MaxPageSize, RequestLimits.DefaultPageSize)));
            }
            else if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(CursorRequest<>))
            {
                operation.Parameters!.Add(Query("cursor", "The nextCursor of the answer before.", Text()));
                operation.Parameters.Add(Query(
                    "limit", "How many items at a time.", Whole(1, RequestLimits.MaxPageSize, RequestLimits.DefaultPageSize)));
            }
            else if (type == typeof(IfMatch))
            {
                operation.Parameters!.Add(Header("If-Match", "Change only what has this ETag; otherwise 412.", null));
            }
        }
    }

    private static async Task AddBodyAsync(
        OpenApiOperation operation, IList<object> metadata, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        if (metadata.OfType<DocumentedBody>().FirstOrDefault() is { } body)
        {
            var schema = await context.GetOrCreateSchemaAsync(body.Type, null, cancellationToken);
            operation.RequestBody = new OpenApiRequestBody
            {
                Required = true,
                Content = body.ContentTypes.ToDictionary(type => type, _ => new OpenApiMediaType { Schema = schema }),
            };
        }

        if (metadata.OfType<RequestExample>().FirstOrDefault() is { } example && operation.RequestBody?.Content is { } contents)
        {
            foreach (var content in contents.Values.OfType<OpenApiMediaType>())
            {
                content.Example = JsonNode.Parse(example.Body.GetRawText());
            }
        }
    }

    /// <summary>The type that a route names is of its JSON; the same in other forms is text, or bytes.</summary>
    private static void DescribeTextAnswers(OpenApiOperation operation)
    {
        var contents = (operation.Responses ?? []).Select(response => response.Value.Content).OfType<IDictionary<string, OpenApiMediaType>>();
        foreach (var (type, content) in contents.SelectMany(content => content))
        {
            if (!type.Contains("json", StringComparison.Ordinal))
            {
                var isText = type.StartsWith("text/", StringComparison.Ordinal);
                content.Schema = new OpenApiSchema { Type = JsonSchemaType.String, Format = isText ? null : "binary" };
            }
        }
    }

    private static void AddProblems(OpenApiOperation operation, OpenApiDocument document, MethodInfo? handler, string method, bool takesKey)
    {
        var changes = method is not ("GET" or "HEAD");
        var preconditions = handler?.GetParameters().Any(parameter => parameter.ParameterType == typeof(IfMatch)) == true;
        (int Status, bool Possible)[] problems =
        [
            (400, operation.Parameters!.Count > 0 || operation.RequestBody is not null),
            (401, operation.Security is not null),
            (403, operation.Security is not null),
            (404, operation.Parameters.Any(parameter => parameter.In == ParameterLocation.Path)),
            (409, changes),
            (412, preconditions),
            (413, operation.RequestBody is not null),
            (415, operation.RequestBody is not null),
            (422, takesKey),
            (500, true),
            (503, true),
        ];
        operation.Responses ??= [];
        foreach (var (status, _) in problems.Where(problem => problem.Possible))
        {
            var code = status.ToString(CultureInfo.InvariantCulture);
            operation.Responses.TryAdd(code, new OpenApiResponseReference(DocumentFacts.ProblemSchema + code, document));
        }
    }

    private static OpenApiParameter Query(string name, string description, OpenApiSchema schema) =>
        new() { Name = name, In = ParameterLocation.Query, Description = description, Schema = schema };

    private static OpenApiParameter Header(string name, string description, int? maxLength) => new()
    {
        Name = name, In = ParameterLocation.Header, Description = description,
        Schema = new OpenApiSchema { Type = JsonSchemaType.String, MaxLength = maxLength },
    };

    private static OpenApiSchema Text() => new() { Type = JsonSchemaType.String };

    private static OpenApiSchema ListOfText() => new() { Type = JsonSchemaType.Array, Items = Text() };

    private static OpenApiSchema Whole(int minimum, int? maximum, int standard) => new()
    {
        Type = JsonSchemaType.Integer,
        Format = "int32",
        Minimum = minimum.ToString(CultureInfo.InvariantCulture),
        Maximum = maximum?.ToString(CultureInfo.InvariantCulture),
        Default = standard,
    };
}
