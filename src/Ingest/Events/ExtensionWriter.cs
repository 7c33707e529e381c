using System.Buffers;
using System.Text.Json;

namespace Metering.Ingest.Events;

/// <summary>Collects the extension attributes of one event after another as a JSON object.</summary>
internal sealed class ExtensionWriter
{
    private readonly ArrayBufferWriter<byte> buffer = new();
    private readonly Utf8JsonWriter writer;

    public ExtensionWriter() => writer = new Utf8JsonWriter(buffer);

    /// <param name="reader">Stands on a string, number or boolean.</param>
    /// <param name="isFirst">Of its event; what an event before it has left behind is forgotten.</param>
    public void Add(ReadOnlySpan<byte> name, ref Utf8JsonReader reader, bool isFirst)
    {
        if (isFirst)
        {
            buffer.ResetWrittenCount();
            writer.Reset();
            writer.WriteStartObject();
        }

        if (reader.TokenType == JsonTokenType.String)
        {
            writer.WriteString(name, Utf8Text.TryRead(ref reader, out var text) ? text : default);
        }
        else
        {
            writer.WritePropertyName(name);
            writer.WriteRawValue(reader.ValueSpan, skipInputValidation: true);
        }
    }

    public string End(RecentTexts texts)
    {
        writer.WriteEndObject();
        writer.Flush();
        return texts.Of(buffer.WrittenSpan);
    }
}
