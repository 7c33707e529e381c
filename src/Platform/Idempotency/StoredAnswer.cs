using System.Collections.Immutable;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Metering.Platform.Idempotency;

/// <summary>An answer as bytes, so that it can be given again.</summary>
/// <param name="Headers">Of those in <see cref="Kept"/>, the ones it has.</param>
internal sealed record StoredAnswer(int Status, ImmutableSortedDictionary<string, string> Headers, byte[] Body) : IResult
{
    public const int MaxBodyBytes = 1 << 20;
    public const string ReplayedHeader = "Idempotency-Replayed";

    private static readonly ImmutableArray<string> Kept =
        [HeaderNames.ContentType, HeaderNames.Location, HeaderNames.ETag, HeaderNames.ContentDisposition];

    /// <summary>The server's failures are tried again, and what is too large is not kept.</summary>
    public bool MayBeKept => Status < StatusCodes.Status500InternalServerError && Body.Length <= MaxBodyBytes;

    /// <summary>Has the answer written where nobody reads it yet.</summary>
    public static async Task<StoredAnswer> OfAsync(IResult answer, HttpContext asked)
    {
        using var body = new MemoryStream();
        var aside = new DefaultHttpContext { RequestServices = asked.RequestServices, User = asked.User };
        (aside.Request.Scheme, aside.Request.Host, aside.Request.Path) = (asked.Request.Scheme, asked.Request.Host, asked.Request.Path);
        aside.Response.Body = body;
        await answer.ExecuteAsync(aside);
        return Of(aside.Response, body.ToArray());
    }

    public static StoredAnswer Of(HttpResponse response, byte[] body) => new(
        response.StatusCode,
        Kept.Where(response.Headers.ContainsKey)
            .ToImmutableSortedDictionary(name => name, name => response.Headers[name].ToString(), StringComparer.OrdinalIgnoreCase),
        body);

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Response.StatusCode = Status;
        foreach (var (name, value) in Headers)
        {
            httpContext.Response.Headers[name] = value;
        }

        if (Body.Length > 0)
        {
            await httpContext.Response.Body.WriteAsync(Body, httpContext.RequestAborted);
        }
    }
}
