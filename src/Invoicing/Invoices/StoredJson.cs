using System.Text.Json;
using Metering.Platform.Http;

namespace Metering.Invoicing.Invoices;

/// <summary>
/// Reads and writes what documents keep as JSON. Unlike the API it forgives: a document written by another version may lack a
/// field or have one more, and must still be readable in ten years.
/// </summary>
internal static class StoredJson
{
    private static readonly JsonSerializerOptions Options = new(MeteringJson.Options)
    {
        RespectRequiredConstructorParameters = false,
        UnmappedMemberHandling = System.Text.Json.Serialization.JsonUnmappedMemberHandling.Skip,
    };

    public static string Write<T>(T value) => JsonSerializer.Serialize(value, Options);

    public static T Read<T>(string json) => JsonSerializer.Deserialize<T>(json, Options)!;
}
