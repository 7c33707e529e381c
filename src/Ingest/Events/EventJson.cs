using System.Buffers;
using System.Text;
using System.Text.Json;
using Metering.Platform.Http;
using NodaTime;

namespace Metering.Ingest.Events;

/// <summary>A stored event written again as a CloudEvent.</summary>
internal static class EventJson
{
    public static readonly JsonDocumentOptions DataOptions = new() { MaxDepth = EventLimits.MaxJsonDepth };

    public static string Of(UsageEvent usageEvent)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            var data = usageEvent.Data.IsEmpty ? null : Encoding.UTF8.GetString(usageEvent.Data.Span);
            Write(writer, usageEvent.Id, usageEvent.Source, usageEvent.Type, usageEvent.Subject, usageEvent.Time, data, usageEvent.Extensions);
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    /// <summary>As <see cref="Write"/> writes it.</summary>
    public static JsonElement Element(
        string id, string source, string type, string subject, Instant time, string? data, string? extensions)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            Write(writer, id, source, type, subject, time, data, extensions);
        }

        return JsonDocument.Parse(buffer.WrittenMemory, DataOptions).RootElement;
    }

    /// <param name="data">JSON text; null when the event has none.</param>
    /// <param name="extensions">A JSON object of the other attributes; null when there are none.</param>
    public static void Write(
        Utf8JsonWriter writer, string id, string source, string type, string subject, Instant time, string? data, string? extensions)
    {
        writer.WriteStartObject();
        writer.WriteString("id", id);
        writer.WriteString("source", source);
        writer.WriteString("specversion", "1.0");
        writer.WriteString("type", type);
        writer.WriteString("subject", subject);
        writer.WriteString("time", InstantConverter.Format(time));
        if (extensions is not null)
        {
            using var attributes = JsonDocument.Parse(extensions);
            foreach (var attribute in attributes.RootElement.EnumerateObject())
            {
                attribute.WriteTo(writer);
            }
        }

        if (data is not null)
        {
            writer.WritePropertyName("data");
            writer.WriteRawValue(data, skipInputValidation: true);
        }

        writer.WriteEndObject();
    }
}
