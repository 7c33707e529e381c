using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Metering.Platform.Problems;
using NodaTime;
using NodaTime.Text;

namespace Metering.Platform.Http;

/// <summary>
/// RFC 3339: any offset in, UTC with <c>Z</c> out, at most microseconds kept. A time that PostgreSQL could not keep, or to which no
/// billing period could be added, is refused like one that is not a time.
/// </summary>
public sealed class InstantConverter : JsonConverter<Instant>
{
    public const string Expected = "A time is written as RFC 3339, such as 2026-01-15T09:00:00Z, and lies in the years 1 to 9000.";

    private static readonly Instant Earliest = Instant.FromUtc(1, 1, 2, 0, 0);
    private static readonly Instant End = Instant.FromUtc(9001, 1, 1, 0, 0);

    public override Instant Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String
            && (reader.HasValueSequence || reader.ValueIsEscaped
                ? TryParse(reader.GetString()!, out var instant)
                : TryParse(reader.ValueSpan, out instant))
            ? instant
            : throw new JsonException(Expected);

    public override void Write(Utf8JsonWriter writer, Instant value, JsonSerializerOptions options)
    {
        Span<byte> text = stackalloc byte[UsualInstant.MaxLength];
        if (UsualInstant.TryFormat(value, text, out var length))
        {
            writer.WriteStringValue(text[..length]);
        }
        else
        {
            writer.WriteStringValue(Format(value));
        }
    }

    public static string Format(Instant instant) => InstantPattern.ExtendedIso.Format(instant);

    /// <summary>A query parameter, which may be absent. Null when it is well; otherwise what is wrong with it.</summary>
    public static FieldError? TryReadParameter(string name, string? text, out Instant? instant)
    {
        instant = text is not null && TryParse(text, out var parsed) ? parsed : null;
        return text is null || instant is not null ? null : new FieldError($"?{name}", "invalid_time", Expected);
    }

    /// <param name="utf8">Valid UTF-8.</param>
    public static bool TryParse(ReadOnlySpan<byte> utf8, out Instant instant) =>
        UsualInstant.TryParse(utf8, out instant) || TryParse(Encoding.UTF8.GetString(utf8), out instant);

    public static bool TryParse(string text, out Instant instant)
    {
        instant = default;
        if (OffsetDateTimePattern.Rfc3339.Parse(text) is not { Success: true } parsed || parsed.Value.Year is < 1 or > 9000)
        {
            return false;
        }

        instant = Clock.ProductClock.TruncateToMicroseconds(parsed.Value.ToInstant());
        return instant >= Earliest && instant < End;
    }
}
