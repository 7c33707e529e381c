using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Metering.Platform.Problems;

/// <summary>Turns what ASP.NET refuses and what throws into problem+json, so that no answer is bare.</summary>
public static class ProblemMiddleware
{
    public static void UseProblems(this IApplicationBuilder app)
    {
        var logger = app.ApplicationServices.GetRequiredService<ILoggerFactory>().CreateLogger("Metering.Platform.Problems");
        app.Use(next => context => InvokeAsync(context, next, logger));
        app.UseStatusCodePages(statusCode =>
        {
            var status = statusCode.HttpContext.Response.StatusCode;
            var type = ProblemType.ForStatus(status);
            return Problem.Of(type, type.Title + ".").ExecuteAsync(statusCode.HttpContext);
        });
    }

    /// <summary>Behind routing, because a route may take what the others do not.</summary>
    public static void UseRefusals(this IApplicationBuilder app) =>
        app.Use(next => context => RefusalOf(context.Request) is { } refusal ? refusal.ExecuteAsync(context) : next(context));

    private static async Task InvokeAsync(HttpContext context, RequestDelegate next, ILogger logger)
    {
        try
        {
            await next(context);
        }
        catch (BadHttpRequestException exception) when (!context.Response.HasStarted)
        {
            await FromBadRequest(exception).ExecuteAsync(context);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // Nobody is listening any more: there is no answer to give.
        }
        catch (NpgsqlException exception) when (!context.Response.HasStarted && exception.IsTransient)
        {
            logger.DatabaseNotAvailable(exception);
            context.Response.Headers.RetryAfter = "1";
            await Problem.Of(ProblemType.NotAvailable, "The database does not answer; try again.").ExecuteAsync(context);
        }
        catch (Exception exception) when (!context.Response.HasStarted)
        {
            logger.RequestFailed(exception);
            await Problem.Of(ProblemType.InternalError, "The failure has been logged under the instance named here.").ExecuteAsync(context);
        }
    }

    /// <summary>
    /// A compressed body, which would be read as it is, unless the route says that it takes one; and text that PostgreSQL does not have.
    /// </summary>
    private static IResult? RefusalOf(HttpRequest request)
    {
        if (request.Headers.ContentEncoding.Any(coding => coding is not (null or "" or "identity"))
            && request.HttpContext.GetEndpoint()?.Metadata.GetMetadata<TakesEncodedBody>() is null)
        {
            return Problem.Of(
                ProblemType.UnsupportedMediaType, "Send the body as it is, without Content-Encoding.",
                new FieldError("header:Content-Encoding", "not_supported", "Send the body as it is, without Content-Encoding."));
        }

        return request.QueryString.Value?.Contains("%00", StringComparison.Ordinal) == true
            && request.Query.FirstOrDefault(item => item.Value.Any(value => value?.Contains('\0', StringComparison.Ordinal) == true)).Key is { } name
            ? Problem.Invalid($"?{name}", "invalid_text", "Text holds no NUL character.")
            : null;
    }

    private static IResult FromBadRequest(BadHttpRequestException exception) => exception switch
    {
        { StatusCode: StatusCodes.Status413PayloadTooLarge } => Problem.Of(ProblemType.TooLarge, "The body is larger than this route takes."),
        { StatusCode: StatusCodes.Status415UnsupportedMediaType } => Problem.Of(ProblemType.UnsupportedMediaType, "Send application/json."),
        _ when BindingErrors.Of(exception) is { Count: > 0 } errors => Problem.Invalid(errors),
        _ => Problem.Of(ProblemType.InvalidRequest, exception.Message),
    };
}
