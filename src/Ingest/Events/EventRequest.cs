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

    /// <returns>Null when the content type is none of them.</returns>
    public static async Task<EventRequest?> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        var binary = request.Headers.ContainsKey("ce-specversion") || request.Headers.ContainsKey("ce-id");
        if (!MediaTypeHeaderValue.TryParse(request.ContentType, out var contentType))
        {
            return binary && request.ContentType is null ? ToStructured(request.Headers, await BodyAsync(request, cancellationToken)) : null;
        }

        var mediaType = contentType.MediaType.ToString().ToLowerInvariant();
        EventBatchForm? form = mediaType switch
        {
            "application/cloudevents-batch+json" => EventBatchForm.Array,
            "application/cloudevents+json" => EventBatchForm.Single,
            "application/json" => EventBatchForm.Either,
            _ => null,
        };
        if (form is null)
        {
            return null;
        }

        var body = await BodyAsync(request, cancellationToken);
        return form == EventBatchForm.Either && binary ? ToStructured(request.Headers, body) : new EventRequest(body, form.Value, false);
    }

    /// <summary>Where a field of the structured form stood in what was sent.</summary>
    public FieldError Place(FieldError error) =>
        IsBinary && error.Pointer.Length > 0 && !error.Pointer.StartsWith("/data", StringComparison.Ordinal)
            ? error with { Pointer = $"header:ce-{error.Pointer[1..]}" }
            : error;

    /// <summary>The body as an array, which is how it travels.</summary>
    public ReadOnlyMemory<byte> AsArray(bool single)
    {
        if (!single)
        {
            return Body;
        }

        var array = new byte[Body.Length + 2];
        array[0] = (byte)'[';
        Body.Span.CopyTo(array.AsSpan(1));
        array[^1] = (byte)']';
        return array;
    }

    private static EventRequest ToStructured(IHeaderDictionary headers, ReadOnlyMemory<byte> body)
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

        return new EventRequest(buffer.WrittenMemory, EventBatchForm.Single, true);
    }

    /// <summary>A header value may be quoted and is percent-encoded once. What does not decode to UTF-8 stays as it is.</summary>
    private static string Decode(string value)
    {
        var isQuoted = value.Length >= 2 && value[0] == '"' && value[^1] == '"';
        var unquoted = isQuoted ? value[1..^1].Replace("\\\"", "\"", StringComparison.Ordinal) : value;
        return Uri.UnescapeDataString(unquoted);
    }

    private static async Task<ReadOnlyMemory<byte>> BodyAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        var capacity = request.ContentLength is { } length and <= EventLimits.MaxBodyBytes ? (int)length : 0;
        using var body = new MemoryStream(capacity);
        await request.Body.CopyToAsync(body, cancellationToken);
        return body.GetBuffer().AsMemory(0, (int)body.Length);
    }
}
