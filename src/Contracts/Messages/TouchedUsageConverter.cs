using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using NodaTime;

namespace Metering.Contracts.Messages;

/// <summary>
/// Writes touched usage by meter, subject after subject with the ticks of the earliest time and how much later the latest is: a third of what
/// objects would take, and a batch may touch thousands.
/// <code>{"tokens": ["acme", 17683848000000000, 125, "other", 17683848000000077, 0]}</code>
/// </summary>
public sealed class TouchedUsageConverter : JsonConverter<ImmutableArray<TouchedUsage>>
{
    public override ImmutableArray<TouchedUsage> Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType == JsonTokenType.StartArray)
        {
            // As it was written before, in messages that have waited since.
            var known = (JsonTypeInfo<TouchedUsage[]>)options.GetTypeInfo(typeof(TouchedUsage[]));
            return [.. JsonSerializer.Deserialize(ref reader, known)!];
        }

        var touched = ImmutableArray.CreateBuilder<TouchedUsage>();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var meterSlug = reader.GetString()!;
            reader.Read();
            while (reader.Read() && reader.TokenType == JsonTokenType.String)
            {
                var subject = reader.GetString()!;
                reader.Read();
                var earliest = Instant.FromUnixTimeTicks(reader.GetInt64());
                reader.Read();
                touched.Add(new TouchedUsage(meterSlug, subject, earliest, earliest + Duration.FromTicks(reader.GetInt64())));
            }
        }

        return touched.ToImmutable();
    }

    public override void Write(Utf8JsonWriter writer, ImmutableArray<TouchedUsage> value, JsonSerializerOptions options)
    {
        writer.WriteStartObject();
        foreach (var meter in value.GroupBy(touched => touched.MeterSlug, StringComparer.Ordinal))
        {
            writer.WriteStartArray(meter.Key);
            foreach (var touched in meter)
            {
                writer.WriteStringValue(touched.Subject);
                writer.WriteNumberValue(touched.Earliest.ToUnixTimeTicks());
                writer.WriteNumberValue((touched.Latest - touched.Earliest).BclCompatibleTicks);
            }

            writer.WriteEndArray();
        }

        writer.WriteEndObject();
    }
}
