using System.Text.Json;
using System.Text.Json.Serialization;

namespace Metering.Platform.Http;

/// <summary>
/// The API's JSON: camelCase, RFC 3339 times in UTC, fields that are unknown or written twice and NUL characters refused, nulls left out.
/// </summary>
public static class MeteringJson
{
    /// <summary>An event may be 64 deep, and lists answer it a few levels further in.</summary>
    private const int MaxDepth = 80;

    public static JsonSerializerOptions Options { get; } = Create();

    public static void Configure(JsonSerializerOptions options)
    {
        options.PropertyNamingPolicy = JsonNamingPolicy.CamelCase;
        options.DictionaryKeyPolicy = null;
        options.PropertyNameCaseInsensitive = false;
        options.UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow;
        options.RespectNullableAnnotations = true;
        options.RespectRequiredConstructorParameters = true;
        options.DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull;
        options.AllowDuplicateProperties = false;
        options.NumberHandling = JsonNumberHandling.Strict;
        options.MaxDepth = MaxDepth;
        options.Converters.Add(new TextConverter());
        options.Converters.Add(new InstantConverter());
        options.Converters.Add(new LocalDateConverter());
    }

    private static JsonSerializerOptions Create()
    {
        var options = new JsonSerializerOptions();
        Configure(options);
        options.MakeReadOnly(populateMissingResolver: true);
        return options;
    }
}
