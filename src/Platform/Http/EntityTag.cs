using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Metering.Platform.Http;

/// <summary>
/// A strong tag of what is stored of one resource: it changes if and only if that does. Not made from <c>updated_at</c> alone, because on
/// a test clock two changes have the same.
/// </summary>
public readonly record struct EntityTag
{
    private const int Bytes = 16;
    private const byte Separator = 0x1F;

    private EntityTag(string text) => Text = text;

    /// <summary>With its quotes, as it stands in the header.</summary>
    public string Text { get; }

    /// <param name="parts">The view of the resource, or the stored values it depends on; nothing that changes with the mere passing of time.</param>
    public static EntityTag Of(params ReadOnlySpan<object?> parts)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var part in parts)
        {
            hash.AppendData(JsonSerializer.SerializeToUtf8Bytes(part, part?.GetType() ?? typeof(object), MeteringJson.Options));
            hash.AppendData([Separator]);
        }

        return new EntityTag($"\"{Base64Url.EncodeToString(hash.GetHashAndReset().AsSpan(0, Bytes))}\"");
    }
}

/// <summary>Answers of one resource.</summary>
public static class TaggedAnswers
{
    /// <summary>Says the tag that a later <c>If-Match</c> can name.</summary>
    public static IResult WithTag(this IResult answer, EntityTag tag) => new TaggedAnswer(answer, tag);

    private sealed class TaggedAnswer(IResult answer, EntityTag tag) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            httpContext.Response.Headers.ETag = tag.Text;
            return answer.ExecuteAsync(httpContext);
        }
    }
}
