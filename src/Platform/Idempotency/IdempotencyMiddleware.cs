using System.Collections.Immutable;
using System.Security.Claims;
using System.Text.Json;
using Metering.Platform.Database;
using Metering.Platform.Problems;
using Metering.Platform.Requests;
using Metering.Platform.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Extensions;
using Microsoft.AspNetCore.Routing;
using NodaTime;

namespace Metering.Platform.Idempotency;

/// <summary><c>Idempotency-Key</c>: a POST that is sent again changes nothing again and is answered as the first time.</summary>
internal sealed class IdempotencyMiddleware(RequestDelegate next, MeteringDatabase database, IClock clock)
{
    public const string HeaderName = "Idempotency-Key";
    private const string Pointer = "header:" + HeaderName;
    private const int MaxKeyLength = 255;
    private const int MaxCleanedUp = 100;

    public static void Use(IApplicationBuilder app) => app.UseMiddleware<IdempotencyMiddleware>();

    public async Task InvokeAsync(HttpContext context)
    {
        var header = context.Request.Headers[HeaderName];
        if (header.Count == 0
            || context.GetEndpoint() is not RouteEndpoint endpoint
            || !IdempotentRoutes.TakesIdempotencyKey(endpoint.Metadata, context.Request.Method)
            || ApiKeyAuthentication.SecretOf(context.Request) is not { } secret
            || !Guid.TryParse(context.User.FindFirstValue(ClaimTypes.NameIdentifier), out var apiKeyId))
        {
            await next(context);
            return;
        }

        if (header.ToString() is not { Length: >= 1 and <= MaxKeyLength } key || !key.All(character => character is > ' ' and <= '~'))
        {
            var refusal = Problem.Invalid(Pointer, "out_of_range", $"A key has 1 to {MaxKeyLength} printable ASCII characters and no space.");
            await refusal.ExecuteAsync(context);
            return;
        }

        var fingerprint = IdempotencyIdentity.FingerprintOf(context.Request.GetEncodedPathAndQuery(), await ReadBodyAsync(context));
        var identity = new IdempotencyIdentity(apiKeyId, $"POST {endpoint.RoutePattern.RawText}", key, fingerprint);
        var now = clock.GetCurrentInstant();
        var answer = await FindAsync(context, identity, secret, now) ?? await FirstAnswerAsync(context, identity, secret, now);
        await answer.ExecuteAsync(context);
    }

    /// <summary>Runs the handler. What it answers is held back until it is stored.</summary>
    private async Task<IResult> FirstAnswerAsync(HttpContext context, IdempotencyIdentity identity, string secret, Instant now)
    {
        var request = new IdempotentRequest(identity, secret, now);
        RequestContext.Current!.Idempotency = request;
        var body = context.Response.Body;
        using var held = new MemoryStream();
        context.Response.Body = held;
        try
        {
            await next(context);
        }
        catch (RepeatedRequestException exception)
        {
            return exception.UnderWay ? UnderWay(context) : await FindAsync(context, identity, secret, now) ?? UnderWay(context);
        }
        finally
        {
            context.Response.Body = body;
        }

        var answer = StoredAnswer.Of(context.Response, held.ToArray());
        if (request.Recorded)
        {
            await FinishAsync(request, answer, now);
        }

        return answer;
    }

    /// <summary>Also when the caller has gone: the work is done, and the answer is for when they ask again.</summary>
    private async Task FinishAsync(IdempotentRequest request, StoredAnswer answer, Instant now)
    {
        if (!request.AnswerKept)
        {
            request.Answer = answer;
            await request.KeepAnswerAsync(database, CancellationToken.None);
        }

        await using var session = await database.OpenAsync(CancellationToken.None);
        await session.ExecuteAsync(CleanUpSql, new { now, limit = MaxCleanedUp }, CancellationToken.None);
    }

    /// <summary>Null when the request is the first under its key.</summary>
    private async Task<IResult?> FindAsync(HttpContext context, IdempotencyIdentity identity, string secret, Instant now)
    {
        await using var session = await database.OpenAsync(context.RequestAborted);
        var parameters = new { identity.ApiKeyId, identity.Route, identity.Key, now };
        if (await session.FirstOrNoneAsync<RecordRow>(FindSql, parameters, context.RequestAborted) is not { } row)
        {
            return null;
        }

        if (!row.Fingerprint.AsSpan().SequenceEqual(identity.Fingerprint))
        {
            const string otherRequest = "The key came with another request before; use a new key for a new request.";
            return Problem.Of(ProblemType.IdempotencyMismatch, otherRequest, new FieldError(Pointer, "other_request", otherRequest));
        }

        if (row.Status is not { } status)
        {
            const string noAnswer = "The request was carried out under this key and its answer was not kept; read the resource.";
            context.Response.Headers.RetryAfter = "1";
            return Problem.Of(ProblemType.Conflict, noAnswer, new FieldError(Pointer, "answer_not_kept", noAnswer));
        }

        var headers = JsonSerializer.Deserialize<Dictionary<string, string>>(row.Headers!)!.ToImmutableSortedDictionary();
        return new StoredAnswer(status, headers.SetItem(StoredAnswer.ReplayedHeader, "true"), AnswerSeal.Open(row.Body!, secret));
    }

    private static IResult UnderWay(HttpContext context)
    {
        const string underWay = "The request that came first under this key has not been answered yet; try again.";
        context.Response.Headers.RetryAfter = "1";
        return Problem.Of(ProblemType.Conflict, underWay, new FieldError(Pointer, "under_way", underWay));
    }

    /// <summary>The server bounds bodies, so one fits in memory.</summary>
    private static async Task<byte[]> ReadBodyAsync(HttpContext context)
    {
        var copy = new MemoryStream();
        await context.Request.Body.CopyToAsync(copy, context.RequestAborted);
        copy.Position = 0;
        context.Request.Body = copy;
        return copy.ToArray();
    }

    private const string FindSql = """
        select fingerprint, status, headers::text as headers, body
        from platform.idempotency_key
        where api_key_id = @ApiKeyId and route = @Route and key = @Key and expires_at > @now
        """;

    private const string CleanUpSql = """
        delete from platform.idempotency_key
        where (api_key_id, route, key) in (
            select api_key_id, route, key
            from platform.idempotency_key
            where expires_at <= @now
            order by expires_at
            limit @limit
            for update skip locked)
        """;

    private sealed record RecordRow(byte[] Fingerprint, int? Status, string? Headers, byte[]? Body);
}
