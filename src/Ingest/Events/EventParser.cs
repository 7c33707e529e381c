using System.Text;
using System.Text.Json;
using Metering.Platform.Http;
using Metering.Platform.Problems;
using NodaTime;

namespace Metering.Ingest.Events;

/// <summary>
/// Reads one event object after another and collects what is wrong with each. Attributes stay bytes of the body until the event is known
/// to be well formed, and nothing is allocated for one that is only checked. A JSON null stands for an absent attribute.
/// </summary>
internal ref struct EventParser(ReadOnlyMemory<byte> body, EventReading reading, Instant receivedAt, ParserMemory memory)
{
    private int? index;
    private List<FieldError>? errors;
    private EventAttributes present;
    private ReadOnlySpan<byte> id;
    private ReadOnlySpan<byte> source;
    private ReadOnlySpan<byte> specVersion;
    private ReadOnlySpan<byte> type;
    private ReadOnlySpan<byte> subject;
    private Instant? time;
    private ReadOnlyMemory<byte> data;
    private int extensionCount;

    /// <summary>The reader stands on the object's start and is left on its end.</summary>
    /// <param name="index">Of the event within an array; null when it stands alone.</param>
    public void Read(scoped ref Utf8JsonReader reader, int? index, ReadEvents read)
    {
        Begin(index);
        var start = (int)reader.TokenStartIndex;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            ReadAttribute(ref reader);
        }

        Require(EventAttributes.Id, "id");
        Require(EventAttributes.Source, "source");
        Require(EventAttributes.Type, "type");
        Require(EventAttributes.Subject, "subject");
        Require(EventAttributes.SpecVersion, "specversion");
        if (specVersion.Length > 0 && !specVersion.SequenceEqual("1.0"u8))
        {
            Add("specversion", "not_supported", "The CloudEvents version is 1.0.");
        }

        if (errors is not null)
        {
            var raw = Encoding.UTF8.GetString(body.Span[start..(int)reader.BytesConsumed]);
            read.AddMalformed(new MalformedEvent(raw, TextOf(EventAttributes.Source, source), TextOf(EventAttributes.Id, id), errors));
        }
        else if (reading == EventReading.Check)
        {
            read.AddChecked();
        }
        else
        {
            read.Add(ToEvent());
        }
    }

    private void Begin(int? index)
    {
        this.index = index;
        errors = null;
        present = EventAttributes.None;
        id = source = specVersion = type = subject = default;
        time = null;
        data = default;
        extensionCount = 0;
    }

    private readonly UsageEvent ToEvent() => new(
        Encoding.UTF8.GetString(id), memory.Texts.Of(source), memory.Texts.Of(type), memory.Texts.Of(subject), time ?? receivedAt, data,
        extensionCount == 0 ? null : memory.Extensions.End(memory.Texts),
        EventIdentity.Key(source, id), EventIdentity.Payload(type, subject, time, data.Span));

    private void ReadAttribute(scoped ref Utf8JsonReader reader)
    {
        if (!Utf8Text.TryRead(ref reader, out var name))
        {
            Add("", "invalid_text", "An attribute's name is not valid text.");
            reader.Read();
            reader.Skip();
        }
        else if (name.SequenceEqual("id"u8))
        {
            id = ReadText(ref reader, EventAttributes.Id, "id", EventLimits.MaxIdLength);
        }
        else if (name.SequenceEqual("source"u8))
        {
            source = ReadText(ref reader, EventAttributes.Source, "source", EventLimits.MaxSourceLength);
        }
        else if (name.SequenceEqual("type"u8))
        {
            type = ReadText(ref reader, EventAttributes.Type, "type", EventLimits.MaxTypeLength);
        }
        else if (name.SequenceEqual("subject"u8))
        {
            subject = ReadText(ref reader, EventAttributes.Subject, "subject", EventLimits.MaxSubjectLength);
        }
        else if (name.SequenceEqual("specversion"u8))
        {
            specVersion = ReadText(ref reader, EventAttributes.SpecVersion, "specversion", EventLimits.MaxTypeLength);
        }
        else if (name.SequenceEqual("time"u8))
        {
            ReadTime(ref reader);
        }
        else if (name.SequenceEqual("data"u8))
        {
            ReadData(ref reader);
        }
        else
        {
            ReadOther(ref reader, name);
        }
    }

    private void ReadTime(scoped ref Utf8JsonReader reader)
    {
        var text = ReadText(ref reader, EventAttributes.None, "time", EventLimits.MaxTypeLength);
        if (text.IsEmpty)
        {
            return;
        }

        if (!InstantConverter.TryParse(text, out var instant))
        {
            Add("time", "invalid_time", InstantConverter.Expected);
        }
        else if (instant < EventLimits.EarliestTime || instant >= EventLimits.LatestTime)
        {
            Add("time", "out_of_range", "The time lies before 1970 or after 2199.");
        }
        else
        {
            time = instant;
        }
    }

    private void ReadData(scoped ref Utf8JsonReader reader)
    {
        reader.Read();
        var start = (int)reader.TokenStartIndex;
        var kind = reader.TokenType;
        reader.Skip();
        if (kind == JsonTokenType.StartObject)
        {
            data = reading == EventReading.Full ? CompactJson.Of(body[start..(int)reader.BytesConsumed]) : default;
        }
        else if (kind != JsonTokenType.Null)
        {
            Add("data", "invalid_type", "The data of a usage event is a JSON object.");
        }
    }

    /// <summary>Extension attributes are kept with the event; they take no part in its identity.</summary>
    private void ReadOther(scoped ref Utf8JsonReader reader, ReadOnlySpan<byte> name)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.Null)
        {
            return;
        }

        if (name.SequenceEqual("data_base64"u8))
        {
            Add("data_base64", "not_supported", "The data of a usage event is a JSON object, not binary.");
        }
        else if (name.SequenceEqual("datacontenttype"u8) && !IsJson(ref reader))
        {
            Add("datacontenttype", "not_supported", "The data of a usage event is application/json.");
        }
        else if (reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray)
        {
            Add(JsonPointer.Escape(Encoding.UTF8.GetString(name)), "invalid_type", "An attribute is a string, a number or a boolean.");
        }
        else if (++extensionCount > EventLimits.MaxExtensions)
        {
            var message = $"An event has at most {EventLimits.MaxExtensions} extension attributes.";
            Add(JsonPointer.Escape(Encoding.UTF8.GetString(name)), "too_many", message);
        }
        else if (reading == EventReading.Full)
        {
            memory.Extensions.Add(name, ref reader, isFirst: extensionCount == 1);
        }

        reader.Skip();
    }

    /// <returns>Empty when the attribute is absent or an error has been added.</returns>
    private ReadOnlySpan<byte> ReadText(scoped ref Utf8JsonReader reader, EventAttributes attribute, string name, int maxLength)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.Null)
        {
            present &= ~attribute;
            return default;
        }

        present |= attribute;
        if (reader.TokenType != JsonTokenType.String)
        {
            reader.Skip();
            Add(name, "invalid_type", "The attribute is a string.");
            return default;
        }

        // Control characters can only stand there escaped.
        if (!Utf8Text.TryRead(ref reader, out var text) || (reader.ValueIsEscaped && text.ContainsAnyInRange((byte)0, (byte)0x1f)))
        {
            Add(name, "invalid_text", "The attribute holds control characters or is not valid text.");
            return default;
        }

        if (text.IsEmpty || (text.Length > maxLength && Encoding.UTF8.GetCharCount(text) > maxLength))
        {
            Add(name, text.IsEmpty ? "empty" : "too_long", $"The attribute has 1 to {maxLength} characters.");
            return default;
        }

        return text;
    }

    private void Require(EventAttributes attribute, string name)
    {
        if ((present & attribute) == 0)
        {
            Add(name, "required", $"A CloudEvent has the attribute {name}.");
        }
    }

    private void Add(string name, string code, string message)
    {
        var pointer = index is { } position ? $"/{position}" : "";
        (errors ??= []).Add(new FieldError(name.Length == 0 ? pointer : $"{pointer}/{name}", code, message));
    }

    private readonly string? TextOf(EventAttributes attribute, ReadOnlySpan<byte> text) =>
        (present & attribute) == 0 ? null : Encoding.UTF8.GetString(text);

    private static bool IsJson(scoped ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.String || !Utf8Text.TryRead(ref reader, out var contentType))
        {
            return false;
        }

        var end = contentType.IndexOf((byte)';');
        return Ascii.EqualsIgnoreCase((end < 0 ? contentType : contentType[..end]).Trim(" \t"u8), "application/json"u8);
    }
}
