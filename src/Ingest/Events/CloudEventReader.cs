using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Metering.Platform.Problems;
using NodaTime;

namespace Metering.Ingest.Events;

/// <summary>
/// Reads CloudEvents 1.0 in structured form in one pass over the bytes that were posted. An event that is malformed does not stop
/// the others: the caller decides whether one bad event refuses the request or is put aside alone.
/// </summary>
internal static class CloudEventReader
{
    private static readonly JsonReaderOptions Options = new() { MaxDepth = EventLimits.MaxJsonDepth };

    /// <param name="receivedAt">The time of an event that states none.</param>
    public static ReadEvents Read(ReadOnlyMemory<byte> body, EventBatchForm form, Instant receivedAt)
    {
        var read = new ReadEvents();
        if (!Utf8.IsValid(body.Span))
        {
            return read.Refuse(new FieldError("", "invalid_utf8", "The body is not UTF-8."));
        }

        var reader = new Utf8JsonReader(body.Span, Options);
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
                ReadArray(ref reader, body, receivedAt, read);
            }
            else if (reader.TokenType == JsonTokenType.StartObject && form != EventBatchForm.Array)
            {
                read.Add(new EventParser("").Read(ref reader, body, receivedAt));
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

    private static void ReadArray(ref Utf8JsonReader reader, ReadOnlyMemory<byte> body, Instant receivedAt, ReadEvents read)
    {
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (read.Count == EventLimits.MaxEventsPerRequest)
            {
                read.Refuse(new FieldError($"/{read.Count}", "too_many", $"A request holds at most {EventLimits.MaxEventsPerRequest} events."));
                return;
            }

            var pointer = $"/{read.Count}";
            if (reader.TokenType == JsonTokenType.StartObject)
            {
                read.Add(new EventParser(pointer).Read(ref reader, body, receivedAt));
                continue;
            }

            var start = (int)reader.TokenStartIndex;
            reader.Skip();
            var raw = Encoding.UTF8.GetString(body.Span[start..(int)reader.BytesConsumed]);
            read.Add(ReadEvent.Bad(raw, null, null, [new FieldError(pointer, "invalid_type", "An event is an object.")]));
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
