using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Metering.Platform.Problems;
using NodaTime;

namespace Metering.Ingest.Events;

/// <summary>
/// Reads CloudEvents 1.0 in structured form in one pass over the bytes that were sent. An event that is malformed does not stop
/// the others: the caller decides whether one bad event refuses the request or is put aside alone.
/// </summary>
internal static class CloudEventReader
{
    private const int UsualEventBytes = 350;

    private static readonly JsonReaderOptions Options = new() { MaxDepth = EventLimits.MaxJsonDepth };

    /// <param name="body">The events' data stays a part of it.</param>
    /// <param name="receivedAt">The time of an event that states none.</param>
    public static ReadEvents Read(ReadOnlyMemory<byte> body, EventBatchForm form, Instant receivedAt) =>
        Read(body, form, EventReading.Full, receivedAt);

    /// <summary>Whether the events are well formed, and how many they are.</summary>
    public static ReadEvents Check(ReadOnlyMemory<byte> body, EventBatchForm form) => Read(body, form, EventReading.Check, default);

    private static ReadEvents Read(ReadOnlyMemory<byte> body, EventBatchForm form, EventReading reading, Instant receivedAt)
    {
        var read = new ReadEvents(reading == EventReading.Full ? (body.Length / UsualEventBytes) + 1 : 0);
        if (!Utf8.IsValid(body.Span))
        {
            return read.Refuse(new FieldError("", "invalid_utf8", "The body is not UTF-8."));
        }

        var reader = new Utf8JsonReader(body.Span, Options);
        var parser = new EventParser(body, reading, receivedAt, ParserMemory.OfThisThread);
        var isArray = false;
        try
        {
            if (!reader.Read())
            {
                return read.Refuse(new FieldError("", "invalid_json", "The body is empty."));
            }

            isArray = reader.TokenType == JsonTokenType.StartArray;
            if (isArray && form != EventBatchForm.Single)
            {
                ReadArray(ref reader, ref parser, body.Span, read);
            }
            else if (reader.TokenType == JsonTokenType.StartObject && form != EventBatchForm.Array)
            {
                parser.Read(ref reader, null, read);
            }
            else
            {
                var wanted = form == EventBatchForm.Array ? "Send an array of events." : "Send an event object.";
                return read.Refuse(new FieldError("", "invalid_type", wanted));
            }

            reader.Read();
        }
        catch (JsonException exception)
        {
            var message = $"The JSON is broken at line {exception.LineNumber + 1}, byte {exception.BytePositionInLine + 1}.";
            return read.Refuse(new FieldError(isArray ? $"/{read.Count}" : "", "invalid_json", message));
        }

        return read;
    }

    private static void ReadArray(ref Utf8JsonReader reader, ref EventParser parser, ReadOnlySpan<byte> body, ReadEvents read)
    {
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (read.Count == EventLimits.MaxEventsPerRequest)
            {
                read.Refuse(new FieldError($"/{read.Count}", "too_many", $"A request holds at most {EventLimits.MaxEventsPerRequest} events."));
                return;
            }

            if (reader.TokenType == JsonTokenType.StartObject)
            {
                parser.Read(ref reader, read.Count, read);
                continue;
            }

            var start = (int)reader.TokenStartIndex;
            reader.Skip();
            var raw = Encoding.UTF8.GetString(body[start..(int)reader.BytesConsumed]);
            read.AddMalformed(new MalformedEvent(raw, null, null, [new FieldError($"/{read.Count}", "invalid_type", "An event is an object.")]));
        }
    }
}

/// <summary>What a content type allows.</summary>
internal enum EventBatchForm
{
    Single,
    Array,
    Either,
}
