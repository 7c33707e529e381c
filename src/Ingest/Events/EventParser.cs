using System.Buffers;
using System.Text;
using System.Text.Json;
using Metering.Platform.Http;
using Metering.Platform.Problems;
using NodaTime;

namespace Metering.Ingest.Events;

/// <summary>Reads one event object and collects what is wrong with it. A JSON null stands for an absent attribute.</summary>
internal ref struct EventParser(string pointer)
{
    private readonly List<FieldError> errors = [];
    private string? id;
    private string? source;
    private string? specVersion;
    private string? type;
    private string? subject;
    private Instant? time;
    private ReadOnlyMemory<byte> data;
    private ArrayBufferWriter<byte>? extensions;
    private Utf8JsonWriter? extensionWriter;
    private int extensionCount;

    /// <summary>The reader stands on the object's start and is left on its end.</summary>
    public ReadEvent Read(ref Utf8JsonReader reader, ReadOnlyMemory<byte> body, Instant receivedAt)
    {
        var start = (int)reader.TokenStartIndex;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            ReadAttribute(ref reader, body);
        }

        Require(id, "id");
        Require(source, "source");
        Require(type, "type");
        Require(subject, "subject");
        Require(specVersion, "specversion");
        if (specVersion is not (null or "" or "1.0"))
        {
            Add("specversion", "not_supported", "The CloudEvents version is 1.0.");
        }

        if (errors.Count > 0)
        {
            return ReadEvent.Bad(Encoding.UTF8.GetString(body.Span[start..(int)reader.BytesConsumed]), source, id, errors);
        }

        return ReadEvent.Good(new UsageEvent(
            id!, source!, type!, subject!, time ?? receivedAt, data, EndExtensions(),
            EventIdentity.Key(source!, id!), EventIdentity.Payload(type!, subject!, time, data.Span)));
    }

    private void ReadAttribute(ref Utf8JsonReader reader, ReadOnlyMemory<byte> body)
    {
        if (reader.ValueTextEquals("id"u8))
        {
            id = Text(ref reader, "id", EventLimits.MaxIdLength);
        }
        else if (reader.ValueTextEquals("source"u8))
        {
            source = Text(ref reader, "source", EventLimits.MaxSourceLength);
        }
        else if (reader.ValueTextEquals("type"u8))
        {
            type = Text(ref reader, "type", EventLimits.MaxTypeLength);
        }
        else if (reader.ValueTextEquals("subject"u8))
        {
            subject = Text(ref reader, "subject", EventLimits.MaxSubjectLength);
        }
        else if (reader.ValueTextEquals("specversion"u8))
        {
            specVersion = Text(ref reader, "specversion", EventLimits.MaxTypeLength);
        }
        else if (reader.ValueTextEquals("time"u8))
        {
            ReadTime(ref reader);
        }
        else if (reader.ValueTextEquals("data"u8))
        {
            ReadData(ref reader, body);
        }
        else
        {
            ReadOther(ref reader);
        }
    }

    private void ReadTime(ref Utf8JsonReader reader)
    {
        if (Text(ref reader, "time", EventLimits.MaxTypeLength) is not { Length: > 0 } text)
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

    private void ReadData(ref Utf8JsonReader reader, ReadOnlyMemory<byte> body)
    {
        reader.Read();
        var start = (int)reader.TokenStartIndex;
        var kind = reader.TokenType;
        reader.Skip();
        if (kind == JsonTokenType.StartObject)
        {
            data = CompactJson.Of(body[start..(int)reader.BytesConsumed]);
        }
        else if (kind != JsonTokenType.Null)
        {
            Add("data", "invalid_type", "The data of a usage event is a JSON object.");
        }
    }

    /// <summary>Extension attributes are kept with the event; they take no part in its identity.</summary>
    private void ReadOther(ref Utf8JsonReader reader)
    {
        if (TextOf(ref reader) is not { } name)
        {
            Add("", "invalid_text", "An attribute's name is not valid text.");
            reader.Read();
            reader.Skip();
            return;
        }

        reader.Read();
        if (reader.TokenType == JsonTokenType.Null)
        {
            return;
        }

        if (name == "data_base64")
        {
            Add(name, "not_supported", "The data of a usage event is a JSON object, not binary.");
        }
        else if (name == "datacontenttype" && !(reader.TokenType == JsonTokenType.String && IsJson(TextOf(ref reader))))
        {
            Add(name, "not_supported", "The data of a usage event is application/json.");
        }
        else if (reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray)
        {
            Add(JsonPointer.Escape(name), "invalid_type", "An attribute is a string, a number or a boolean.");
        }
        else
        {
            Keep(name, ref reader);
            return;
        }

        reader.Skip();
    }

    private void Keep(string name, ref Utf8JsonReader reader)
    {
        if (++extensionCount > EventLimits.MaxExtensions)
        {
            Add(JsonPointer.Escape(name), "too_many", $"An event has at most {EventLimits.MaxExtensions} extension attributes.");
            return;
        }

        extensionWriter ??= new Utf8JsonWriter(extensions = new ArrayBufferWriter<byte>());
        if (extensionCount == 1)
        {
            extensionWriter.WriteStartObject();
        }

        if (reader.TokenType == JsonTokenType.String)
        {
            extensionWriter.WriteString(name, TextOf(ref reader) ?? "");
        }
        else
        {
            extensionWriter.WritePropertyName(name);
            extensionWriter.WriteRawValue(reader.ValueSpan, skipInputValidation: true);
        }
    }

    private readonly string? EndExtensions()
    {
        if (extensionWriter is null)
        {
            return null;
        }

        extensionWriter.WriteEndObject();
        extensionWriter.Flush();
        return Encoding.UTF8.GetString(extensions!.WrittenSpan);
    }

    private readonly string? Text(ref Utf8JsonReader reader, string name, int maxLength)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.Null)
        {
            return null;
        }

        if (reader.TokenType != JsonTokenType.String)
        {
            reader.Skip();
            Add(name, "invalid_type", "The attribute is a string.");
            return "";
        }

        if (TextOf(ref reader) is not { } text || text.AsSpan().ContainsAnyInRange('\0', '\u001f'))
        {
            Add(name, "invalid_text", "The attribute holds control characters or is not valid text.");
            return "";
        }

        if (text.Length == 0 || text.Length > maxLength)
        {
            Add(name, text.Length == 0 ? "empty" : "too_long", $"The attribute has 1 to {maxLength} characters.");
            return "";
        }

        return text;
    }

    private readonly void Require(string? value, string name)
    {
        if (value is null)
        {
            Add(name, "required", $"A CloudEvent has the attribute {name}.");
        }
    }

    private readonly void Add(string name, string code, string message) =>
        errors.Add(new FieldError(name.Length == 0 ? pointer : $"{pointer}/{name}", code, message));

    private static bool IsJson(string? contentType) =>
        contentType is not null && contentType.Split(';')[0].Trim().Equals("application/json", StringComparison.OrdinalIgnoreCase);

    /// <summary>Null for an escaped half of a surrogate pair.</summary>
    private static string? TextOf(ref Utf8JsonReader reader)
    {
        try
        {
            return reader.GetString();
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }
}
