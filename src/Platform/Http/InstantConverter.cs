using System.Text.Json;
using System.Text.Json.Serialization;
using NodaTime;
using NodaTime.Text;

namespace Metering.Platform.Http;

/// <summary>RFC 3339: any offset in, UTC with <c>Z</c> out, at most microseconds kept.</summary>
public sealed class InstantConverter : JsonConverter<Instant>
{
    public override Instant Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String && TryParse(reader.GetString()!, out var instant)
            ? instant
            : throw new JsonException("A time is written as RFC 3339, such as 2026-01-15T09:00:00Z.");

    public override void Write(Utf8JsonWriter writer, Instant value, JsonSerializerOptions options) => writer.WriteStringValue(Format(value));

    public static string Format(Instant instant) => InstantPattern.ExtendedIso.Format(instant);

    public static bool TryParse(string text, out Instant instant)
    {
        var parsed = OffsetDateTimePattern.Rfc3339.Parse(text);
        instant = parsed.Success ? Clock.ProductClock.TruncateToMicroseconds(parsed.Value.ToInstant()) : default;
        return parsed.Success;
    }
}
