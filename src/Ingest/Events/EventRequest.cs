using System.Buffers;
using System.Text.Json;
using Metering.Platform.Problems;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Metering.Ingest.Events;

/// <summary>
/// Which of the CloudEvents modes a request is in, and its body in structured form. Batched is tested first: its content type
/// begins like the structured one. <c>application/json</c> holds an event or an array, unless <c>ce-</c> headers say binary.
/// </summary>
internal sealed record EventRequest(ReadOnlyMemory<byte> Body, EventBatchForm Form, bool IsBinary)
{
    private const string HeaderPrefix = "ce-";

    /// <summary>What the headers alone say.</summary>
    /// <returns>Null when the content type is none of them.</returns>
    public static (EventBatchForm Form, bool IsBinary)? ModeOf(HttpRequest request)
    {
        var binary = request.Headers.ContainsKey("ce-specversion") || request.Headers.ContainsKey("ce-id");
        if (!MediaTypeHeaderValue.TryParse(request.ContentType, out var contentType))
        {
            return binary && request.ContentType is null ? (EventBatchForm.Single, true) : null;
        }

        return contentType.MediaType.ToString().ToLowerInvariant() switch
        {
            "application/cloudevents-batch+json" => (EventBatchForm.Array, false),
            "application/cloudevents+json" => (EventBatchForm.Single, false),
            "application/json" => binary ? (EventBatchForm.Single, true) : (EventBatchForm.Either, false),
            _ => null,
        };
    }

    public static EventRequest Of(HttpRequest request, (EventBatchForm Form, bool IsBinary) mode, ReadOnlyMemory<byte> body) =>
        new(mode.IsBinary ? ToStructured(request.Headers, body) : body, mode.Form, mode.IsBinary);

    /// <summary>Where a field of the structured form stood in what was sent.</summary>
    public FieldError Place(FieldError error) =>
        IsBinary && error.Pointer.Length > 0 && !error.Pointer.StartsWith("/data", StringComparison.Ordinal)
            ? error with { Pointer = $"header:ce-{error.Pointer[1..]}" }
            : error;

    private static ReadOnlyMemory<byte> ToStructured(IHeaderDictionary headers, ReadOnlyMemory<byte> body)
    {
        var buffer = new ArrayBufferWriter<byte>(body.Length + 512);
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { SkipValidation = true }))
        {
            writer.WriteStartObject();
            foreach (var header in headers)
            {
                if (header.Key.StartsWith(HeaderPrefix, StringComparison.OrdinalIgnoreCase) && header.Key.Length > HeaderPrefix.Length)
                {
                    writer.WriteString(header.Key[HeaderPrefix.Length..].ToLowerInvariant(), Decode(header.Value.ToString()));
                }
            }

            if (body.Length > 0)
            {
                writer.WritePropertyName("data");
                writer.WriteRawValue(body.Span, skipInputValidation: true);
            }

            writer.WriteEndObject();
        }

        return buffer.WrittenMemory;
    }

    /// <summary>A header value may be quoted and is percent-encoded once. What does not decode to UTF-8 stays as it is.</summary>
    private static string Decode(string value)
    {
        var isQuoted = value.Length >= 2 && value[0] == '"' && value[^1] == '"';
        var unquoted = isQuoted ? value[1..^1].Replace("\\\"", "\"", StringComparison.Ordinal) : value;
        return Uri.UnescapeDataString(unquoted);
    }
}
