using Microsoft.AspNetCore.Http;

namespace Metering.Samples.Gateways.Yarp;

/// <summary>Asks Metering's sidecar before YARP forwards a request.</summary>
/// <param name="client">For this purpose alone; its base address is the sidecar, its timeout how long a check may take.</param>
/// <param name="featureOf">The feature that a request uses; null is not metered.</param>
/// <param name="failOpen">Whether requests pass while no sidecar answers.</param>
public sealed class MeteringMiddleware(RequestDelegate next, HttpClient client, Func<HttpContext, string?> featureOf, bool failOpen)
{
    private const string Prefix = "X-Meter-";
    private static readonly string[] Forwarded = [Prefix + "Customer", Prefix + "Reservation"];

    private const string Undecided =
        """{"type":"urn:metering:problem:not-available","title":"The request can not be decided now","status":503,"reason":"sidecar_unreachable"}""";

    public async Task InvokeAsync(HttpContext context)
    {
        // A client can not name its own feature, units or request, nor speak to the service in Metering's name.
        foreach (var name in context.Request.Headers.Keys.Where(name => name.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase)).ToArray())
        {
            context.Request.Headers.Remove(name);
        }

        if (featureOf(context) is not { } feature)
        {
            await next(context);
            return;
        }

        using var answer = await AskAsync(context, feature);
        if (answer is { IsSuccessStatusCode: true })
        {
            Admit(context, answer);
            await next(context);
        }
        else if (answer is not null)
        {
            await DenyAsync(context, answer);
        }
        else if (failOpen)
        {
            await next(context);
        }
        else
        {
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            context.Response.Headers.RetryAfter = "1";
            context.Response.ContentType = "application/problem+json";
            await context.Response.WriteAsync(Undecided, context.RequestAborted);
        }
    }

    /// <summary>Null when nobody answered, or not in time.</summary>
    private async Task<HttpResponseMessage?> AskAsync(HttpContext context, string feature)
    {
        var headers = context.Request.Headers;
        using var question = new HttpRequestMessage(HttpMethod.Get, "v1/check");
        question.Headers.TryAddWithoutValidation("Authorization", headers.Authorization.ToString());
        question.Headers.TryAddWithoutValidation("X-Api-Key", headers["X-Api-Key"].ToString());
        question.Headers.TryAddWithoutValidation(Prefix + "Feature", feature);
        question.Headers.TryAddWithoutValidation(Prefix + "Request-Id", context.TraceIdentifier);
        question.Headers.TryAddWithoutValidation("X-Original-Method", context.Request.Method);
        question.Headers.TryAddWithoutValidation("X-Original-Content-Length", headers.ContentLength.ToString());
        try
        {
            return await client.SendAsync(question, context.RequestAborted);
        }
        catch (Exception exception) when (
            exception is HttpRequestException or TaskCanceledException && !context.RequestAborted.IsCancellationRequested)
        {
            return null;
        }
    }

    private static void Admit(HttpContext context, HttpResponseMessage answer)
    {
        foreach (var name in Forwarded)
        {
            context.Request.Headers[name] = string.Concat(answer.Headers.GetValues(name));
        }

        // Whatever the service says in these headers gives way: when its answer begins, ours are set.
        var told = answer.Headers.Where(header => IsTold(header.Key)).ToArray();
        context.Response.OnStarting(() =>
        {
            foreach (var (name, values) in told)
            {
                context.Response.Headers[name] = string.Join(", ", values);
            }

            return Task.CompletedTask;
        });
    }

    private static async Task DenyAsync(HttpContext context, HttpResponseMessage answer)
    {
        context.Response.StatusCode = (int)answer.StatusCode;
        foreach (var (name, values) in answer.Headers.Where(header => !IsOfTheConnection(header.Key)))
        {
            context.Response.Headers[name] = string.Join(", ", values);
        }

        context.Response.ContentType = answer.Content.Headers.ContentType?.ToString();
        await answer.Content.CopyToAsync(context.Response.Body, context.RequestAborted);
    }

    private static bool IsTold(string name) =>
        name.StartsWith("Ratelimit", StringComparison.OrdinalIgnoreCase) || name.StartsWith("X-Ratelimit-", StringComparison.OrdinalIgnoreCase)
        || name.Equals(Prefix + "Warning", StringComparison.OrdinalIgnoreCase);

    private static bool IsOfTheConnection(string name) =>
        name.Equals("Connection", StringComparison.OrdinalIgnoreCase) || name.Equals("Transfer-Encoding", StringComparison.OrdinalIgnoreCase)
        || name.Equals("Date", StringComparison.OrdinalIgnoreCase);
}
