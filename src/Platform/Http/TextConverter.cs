using System.Text.Json;
using System.Text.Json.Serialization;

namespace Metering.Platform.Http;

/// <summary>Text without NUL, which JSON may hold and PostgreSQL can not. Refused here, it needs no check on any field.</summary>
public sealed class TextConverter : JsonConverter<string>
{
    public override string? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String ? WithoutNul(reader.GetString()!) : throw new JsonException("A text is written as a JSON string.");

    public override void Write(Utf8JsonWriter writer, string value, JsonSerializerOptions options) => writer.WriteStringValue(value);

    public override string ReadAsPropertyName(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        WithoutNul(reader.GetString()!);

    public override void WriteAsPropertyName(Utf8JsonWriter writer, string value, JsonSerializerOptions options) => writer.WritePropertyName(value);

    private static string WithoutNul(string text) =>
        text.Contains('\0', StringComparison.Ordinal) ? throw new JsonException("Text holds no NUL character.") : text;
}
