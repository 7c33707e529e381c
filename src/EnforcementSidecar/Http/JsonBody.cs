using System.Text.Json;

namespace Metering.EnforcementSidecar.Http;

/// <summary>A small JSON body, read whole.</summary>
internal static class JsonBody
{
    private const int MaxDepth = 16;

    private static readonly Denial TooLarge =
        Denial.Plain(StatusCodes.Status413PayloadTooLarge, "too-large", "The request is too large", "too_large");

    /// <summary>Null when the answer has been given: too large, or not JSON.</summary>
    public static async Task<JsonDocument?> ReadAsync(HttpContext context, int maxBytes)
    {
        var bytes = new byte[maxBytes + 1];
        var length = await context.Request.Body.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, context.RequestAborted);
        if (length > maxBytes)
        {
            await ProblemAnswer.WriteAsync(context, TooLarge, $"The body has at most {maxBytes} bytes.");
            return null;
        }

        try
        {
            CheckText(bytes.AsSpan(0, length));
            return JsonDocument.Parse(bytes.AsMemory(0, length), new JsonDocumentOptions { MaxDepth = MaxDepth });
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            await ProblemAnswer.WriteAsync(context, Denial.InvalidRequest, "The body is not JSON of valid text.", "");
            return null;
        }
    }

    /// <summary>An escaped half of a surrogate pair is well-formed JSON and no text; a document would throw only where it is read.</summary>
    /// <exception cref="InvalidOperationException">A name or a value is not text.</exception>
    private static void CheckText(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = MaxDepth });
        while (reader.Read())
        {
            if (reader.TokenType is JsonTokenType.PropertyName or JsonTokenType.String && reader.ValueIsEscaped)
            {
                _ = reader.GetString();
            }
        }
    }
}
