using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Metering.Platform.Problems;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.Extensions.Options;
using Microsoft.OpenApi;

namespace Metering.Platform.OpenApi;

/// <summary>What is said once for the whole API: how to sign in, what an error looks like, which tags belong to which module.</summary>
internal sealed class DocumentFacts(UnseenTypes unseen, IOptions<JsonOptions> json) : IOpenApiDocumentTransformer
{
    public const string ApiKeyScheme = "apiKey";
    public const string ProblemSchema = "Problem";

    public Task TransformAsync(OpenApiDocument document, OpenApiDocumentTransformerContext context, CancellationToken cancellationToken)
    {
        document.Info = new OpenApiInfo
        {
            Title = "Metering",
            Version = Name(typeof(DocumentFacts).Assembly.GetName().Version!),
            Description = """
                Metering, entitlement and billing for API and AI gateways. Amounts and quantities are exact decimals in strings, times are
                RFC 3339 in UTC, ids have 26 characters. Unknown fields are refused, absent and null fields of answers are left out. Every
                error is application/problem+json and names the field by JSON pointer.
                """.ReplaceLineEndings(" "),
            License = new OpenApiLicense { Name = "Apache-2.0", Identifier = "Apache-2.0" },
        };
        document.Servers = [new OpenApiServer { Url = "/" }];
        AddComponents(document);
        DescribeUnseen(document);
        SortPaths(document);
        AddTags(document);
        return Task.CompletedTask;
    }

    /// <summary>The framework has named these and looked into none of their fields; neither has it into what those refer to.</summary>
    private void DescribeUnseen(OpenApiDocument document)
    {
        while (unseen.TryTake(out var type))
        {
            var info = json.Value.SerializerOptions.GetTypeInfo(type);
            if (ApiDocument.SchemaIdOf(info) is not { } id || Find(document.Components?.Schemas, id) is not { } schema)
            {
                continue;
            }

            SchemaFacts.DescribeObject(schema, info);
            foreach (var property in info.Properties.Where(property => property.Get is not null))
            {
                if (Find(schema.Properties, property.Name) is { } field)
                {
                    SchemaFacts.DescribeField(field, json.Value.SerializerOptions.GetTypeInfo(property.PropertyType), property);
                }

                AddUnseen(property.PropertyType);
            }
        }
    }

    /// <summary>Null when there is none, or only a reference to one.</summary>
    private static OpenApiSchema? Find(IDictionary<string, IOpenApiSchema>? schemas, string name) =>
        schemas is not null && schemas.TryGetValue(name, out var found) ? found as OpenApiSchema : null;

    /// <summary>The type itself, or what it is a list or a map of.</summary>
    private void AddUnseen(Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        var info = json.Value.SerializerOptions.GetTypeInfo(type);
        if (info.ElementType is { } element)
        {
            AddUnseen(element);
        }
        else if (info.Kind == JsonTypeInfoKind.Object)
        {
            unseen.Add(type);
        }
    }

    private static string Name(Version version) => $"{version.Major}.{version.Minor}.{version.Build}";

    private static void AddComponents(OpenApiDocument document)
    {
        document.AddComponent(ApiKeyScheme, new OpenApiSecurityScheme
        {
            Type = SecuritySchemeType.Http,
            Scheme = "bearer",
            Description = "An API key. Its role decides which scopes it has; x-scope says which one an operation requires.",
        });
        document.AddComponent(ProblemSchema, ProblemOf());
        foreach (var types in ProblemType.All.GroupBy(type => type.Status))
        {
            document.AddComponent(ProblemSchema + types.Key, new OpenApiResponse
            {
                Description = string.Join("; ", types.Select(type => type.Title)) + ".",
                Content = new Dictionary<string, OpenApiMediaType>
                {
                    ["application/problem+json"] = new OpenApiMediaType { Schema = new OpenApiSchemaReference(ProblemSchema, document) },
                },
            });
        }
    }

    private static OpenApiSchema ProblemOf() => new()
    {
        Type = JsonSchemaType.Object,
        Description = "RFC 9457. Programs decide by type, whose values are the closed list of schemas/problems.v1.json.",
        Required = new HashSet<string> { "type", "title", "status" },
        Properties = new Dictionary<string, IOpenApiSchema>
        {
            ["type"] = new OpenApiSchema
            {
                Type = JsonSchemaType.String, Enum = [.. ProblemType.All.Select(type => (JsonNode)type.Uri)],
            },
            ["title"] = new OpenApiSchema { Type = JsonSchemaType.String },
            ["status"] = new OpenApiSchema { Type = JsonSchemaType.Integer, Format = "int32" },
            ["detail"] = new OpenApiSchema { Type = JsonSchemaType.String },
            ["instance"] = new OpenApiSchema { Type = JsonSchemaType.String, Description = "Names the request in the log and in the audit trail." },
            ["errors"] = new OpenApiSchema
            {
                Type = JsonSchemaType.Array,
                Items = new OpenApiSchema
                {
                    Type = JsonSchemaType.Object,
                    Required = new HashSet<string> { "pointer", "code", "message" },
                    Properties = new Dictionary<string, IOpenApiSchema>
                    {
                        ["pointer"] = new OpenApiSchema
                        {
                            Type = JsonSchemaType.String,
                            Description = "JSON pointer into the body, ?name for a parameter, header:Name for a header.",
                        },
                        ["code"] = new OpenApiSchema { Type = JsonSchemaType.String },
                        ["message"] = new OpenApiSchema { Type = JsonSchemaType.String },
                    },
                },
            },
        },
    };

    /// <summary>By path, so that the file changes only where the API does.</summary>
    private static void SortPaths(OpenApiDocument document)
    {
        var sorted = new OpenApiPaths();
        foreach (var (path, item) in document.Paths.OrderBy(path => path.Key, StringComparer.Ordinal))
        {
            sorted.Add(path, item);
        }

        document.Paths = sorted;
        if (document.Components?.Schemas is { } schemas)
        {
            document.Components.Schemas = schemas.OrderBy(schema => schema.Key, StringComparer.Ordinal).ToDictionary();
        }
    }

    private static void AddTags(OpenApiDocument document)
    {
        var groups = document.Paths.Values
            .SelectMany(item => item.Operations ?? []).Select(operation => operation.Value)
            .SelectMany(operation => (operation.Tags ?? new HashSet<OpenApiTagReference>())
                .Select(tag => (Module: ModuleOf(operation), Tag: tag.Reference.Id!)))
            .Distinct()
            .OrderBy(pair => pair.Module, StringComparer.Ordinal).ThenBy(pair => pair.Tag, StringComparer.Ordinal)
            .ToLookup(pair => pair.Module, pair => pair.Tag, StringComparer.Ordinal);
        document.Tags = groups.SelectMany(tags => tags).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)
            .Select(tag => new OpenApiTag { Name = tag }).ToHashSet();
        document.Extensions ??= new Dictionary<string, IOpenApiExtension>();
        document.Extensions["x-tagGroups"] = new JsonNodeExtension(new JsonArray([.. groups.Select(tags => (JsonNode)new JsonObject
        {
            ["name"] = tags.Key, ["tags"] = new JsonArray([.. tags.Select(tag => (JsonNode)tag)]),
        })]));
    }

    private static string ModuleOf(OpenApiOperation operation) =>
        operation.Extensions?.TryGetValue(OperationFacts.ModuleExtension, out var module) == true
            ? ((JsonNodeExtension)module).Node.GetValue<string>()
            : "";
}
