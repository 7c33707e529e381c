using System.Text.Json;
using System.Text.Json.Serialization;
using NodaTime;
using NodaTime.Text;

namespace Metering.EnforcementSidecar.Json;

/// <summary>RFC 3339: any offset in, UTC with <c>Z</c> out, at most microseconds kept; the same text that Host reads and writes.</summary>
internal sealed class InstantConverter : JsonConverter<Instant>
{
    /// <summary>To the second; shorter forms are judged by the pattern.</summary>
    private const int ShortestUtc = 20;

    public override Instant Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        TryReadUtc(ref reader, out var instant) ? instant
        : reader.TokenType == JsonTokenType.String && OffsetDateTimePattern.Rfc3339.Parse(reader.GetString()!) is { Success: true } parsed
            ? Time.ProductTime.TruncateToMicroseconds(parsed.Value.ToInstant())
            : throw new JsonException("A time is written as RFC 3339, such as 2026-01-15T09:00:00Z.");

    /// <summary>What Host writes, read without the pattern, which takes long to set up.</summary>
    public static bool TryReadUtc(ref Utf8JsonReader reader, out Instant instant)
    {
        instant = default;
        if (reader.TokenType != JsonTokenType.String || reader.HasValueSequence || reader.ValueSpan.Length < ShortestUtc
            || !reader.ValueSpan.EndsWith("Z"u8) || !reader.TryGetDateTimeOffset(out var time))
        {
            return false;
        }

        instant = Time.ProductTime.TruncateToMicroseconds(Instant.FromUnixTimeTicks(time.UtcTicks - DateTime.UnixEpoch.Ticks));
        return true;
    }

    public override void Write(Utf8JsonWriter writer, Instant value, JsonSerializerOptions options) => writer.WriteStringValue(Format(value));

    public static string Format(Instant instant) => InstantPattern.ExtendedIso.Format(instant);
}
