using System.Collections.Immutable;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Metering.Platform.Http;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using NodaTime;

namespace Metering.Platform.OpenApi;

/// <summary>
/// What our JSON converters write, which no serializer can tell from outside; what may be left out; and what a field means, from its
/// comment in the code.
/// </summary>
internal sealed class SchemaFacts(UnseenTypes unseen) : IOpenApiSchemaTransformer
{
    private const string AnyJson = "JSON of any shape.";

    /// <summary>These end like ids and are not ours: they come from callers, standards or other systems.</summary>
    private static readonly ImmutableHashSet<string> OtherIds = ["taxId", "traceId", "clientId", "sidecarId", "providerId", "externalId"];

    /// <summary>Written in place wherever it is used.</summary>
    public static bool IsSimple(Type type) =>
        SimpleOf(type) is not null || (Nullable.GetUnderlyingType(type) ?? type) == typeof(JsonElement) || type == typeof(Stream);

    public Task TransformAsync(OpenApiSchema schema, OpenApiSchemaTransformerContext context, CancellationToken cancellationToken)
    {
        var info = context.JsonTypeInfo;
        NoteOptionalArray(schema, info.Type);
        if (info.Kind == JsonTypeInfoKind.Object)
        {
            // It becomes a schema with a name, which every field of its type refers to: it tells of the type.
            DescribeObject(schema, info);
        }
        else
        {
            DescribeField(schema, info, context.JsonPropertyInfo);
            var parameter = context.ParameterDescription;
            NameIds(schema, context.JsonPropertyInfo, parameter?.Source.Id == "Path" ? parameter.Name : null);
        }

        return Task.CompletedTask;
    }

    public static void DescribeObject(OpenApiSchema schema, JsonTypeInfo info)
    {
        schema.Description = XmlComments.OfType(info.Type);
        foreach (var property in info.Properties)
        {
            // A nullable field is left out of answers when it is null, unless it says otherwise; requests may leave it out.
            var ignore = property.AttributeProvider?.GetCustomAttributes(typeof(JsonIgnoreAttribute), inherit: false).OfType<JsonIgnoreAttribute>();
            var always = ignore?.Any(attribute => attribute.Condition == JsonIgnoreCondition.Never) == true;
            if (!always && IsNullable(property, property.PropertyType))
            {
                schema.Required?.Remove(property.Name);
            }
        }
    }

    /// <summary>Anything that is no object.</summary>
    public static void DescribeField(OpenApiSchema schema, JsonTypeInfo info, JsonPropertyInfo? property)
    {
        var type = info.Type;
        if ((Nullable.GetUnderlyingType(type) ?? type) == typeof(JsonElement))
        {
            Become(schema, new OpenApiSchema(), nullable: false);
            schema.Description = AnyJson;
            return;
        }

        if (WrittenAsText(property, type) is { } pattern)
        {
            Become(schema, new OpenApiSchema { Type = JsonSchemaType.String, Format = "decimal", Pattern = pattern }, IsNullable(property, type));
        }
        else if (SimpleOf(type) is { } simple)
        {
            Become(schema, simple, IsNullable(property, type));
            NameIds(schema, property, pathParameter: null);
        }
        else
        {
            FillElements(schema, info, property);
        }

        if (property is not null && info.Kind != JsonTypeInfoKind.Object)
        {
            schema.Description = XmlComments.OfProperty(property);
        }
    }

    /// <summary>
    /// The framework's walk over schemas does not look into the elements of an array that may be null; <see cref="DocumentFacts"/> does so
    /// afterwards.
    /// </summary>
    private void NoteOptionalArray(OpenApiSchema schema, Type type)
    {
        if (Nullable.GetUnderlyingType(type) is not { IsGenericType: true } array || array.GetGenericTypeDefinition() != typeof(ImmutableArray<>))
        {
            return;
        }

        var element = array.GenericTypeArguments[0];
        if (SimpleOf(element) is { } simple)
        {
            schema.Items = simple;
        }
        else
        {
            unseen.Add(element);
        }
    }

    /// <summary>Arrays and maps of what a converter of ours writes.</summary>
    private static void FillElements(OpenApiSchema schema, JsonTypeInfo info, JsonPropertyInfo? property)
    {
        if (info.ElementType is not { } element || SimpleOf(element) is not { } simple)
        {
            return;
        }

        if (HasNullableElements(property))
        {
            simple.Type |= JsonSchemaType.Null;
        }

        if (info.Kind == JsonTypeInfoKind.Enumerable)
        {
            schema.Items = simple;
        }
        else if (info.Kind == JsonTypeInfoKind.Dictionary)
        {
            schema.AdditionalProperties = simple;
        }
    }

    private static OpenApiSchema? SimpleOf(Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        return type == typeof(string) ? new OpenApiSchema { Type = JsonSchemaType.String }
            : type == typeof(Instant) ? new OpenApiSchema { Type = JsonSchemaType.String, Format = "date-time" }
            : type == typeof(LocalDate) ? new OpenApiSchema { Type = JsonSchemaType.String, Format = "date" }
            : type == typeof(decimal) ? new OpenApiSchema { Type = JsonSchemaType.Number, Format = "decimal" }
            : type == typeof(string[]) ? new OpenApiSchema { Type = JsonSchemaType.Array, Items = SimpleOf(typeof(string)) }
            : null;
    }

    /// <returns>The pattern of the text, for a decimal that is written as one.</returns>
    private static string? WrittenAsText(JsonPropertyInfo? property, Type type)
    {
        var converters = property?.AttributeProvider?.GetCustomAttributes(typeof(JsonConverterAttribute), inherit: false) ?? [];
        return (Nullable.GetUnderlyingType(type) ?? type) != typeof(decimal) || converters is not [JsonConverterAttribute converter] ? null
            : converter.ConverterType == typeof(NumericConverter) ? @"^-?[0-9]{1,16}(\.[0-9]{1,12})?$"
            : @"^-?[0-9]+(\.[0-9]+)?$";
    }

    private static bool HasNullableElements(JsonPropertyInfo? property) =>
        property?.AttributeProvider is PropertyInfo member
        && new NullabilityInfoContext().Create(member) is { GenericTypeArguments: [.., var element] }
        && element.ReadState == NullabilityState.Nullable;

    private static void Become(OpenApiSchema schema, OpenApiSchema simple, bool nullable)
    {
        schema.Type = nullable ? simple.Type | JsonSchemaType.Null : simple.Type;
        schema.Format = simple.Format;
        schema.Pattern = simple.Pattern;
        schema.Items = simple.Items;
    }

    private static bool IsNullable(JsonPropertyInfo? property, Type type) =>
        Nullable.GetUnderlyingType(type) is not null || property is { IsGetNullable: true } or { IsSetNullable: true };

    private static void NameIds(OpenApiSchema schema, JsonPropertyInfo? property, string? pathParameter)
    {
        var name = property?.Name ?? pathParameter;
        var isText = schema.Type?.HasFlag(JsonSchemaType.String) == true && schema.Format is null;
        if (!isText || name is null || OtherIds.Contains(name) || !(name == "id" || name.EndsWith("Id", StringComparison.Ordinal)))
        {
            return;
        }

        // An id beside a source is the id that a caller gave to its event.
        if (name != "id" || property?.DeclaringType.GetProperty("Source") is null)
        {
            schema.Format = "ulid";
        }
    }
}
