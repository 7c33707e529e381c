using System.Text.Json;
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
        catch (PostgresException exception) when (!context.Response.HasStarted && IsTextThatCanNotBeStored(exception))
        {
            await Problem.Invalid("", "invalid_text", "A text holds a character that can not be stored, such as NUL.").ExecuteAsync(context);
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

    /// <summary>PostgreSQL keeps every text but one with a NUL, which JSON and query strings can both say.</summary>
    private static bool IsTextThatCanNotBeStored(PostgresException exception) =>
        exception.SqlState is PostgresErrorCodes.CharacterNotInRepertoire or PostgresErrorCodes.UntranslatableCharacter;

    private static IResult FromBadRequest(BadHttpRequestException exception) => exception switch
    {
        { StatusCode: StatusCodes.Status413PayloadTooLarge } => Problem.Of(ProblemType.TooLarge, "The body is larger than this route takes."),
        { StatusCode: StatusCodes.Status415UnsupportedMediaType } => Problem.Of(ProblemType.UnsupportedMediaType, "Send application/json."),
        { InnerException: JsonException json } => Problem.Invalid(JsonPointer.FromPath(json.Path), "invalid_json", JsonPointer.Describe(json)),
        _ when BindingFailure.FieldOf(exception) is { } field => Problem.Invalid(field),
        _ => Problem.Of(ProblemType.InvalidRequest, exception.Message),
    };
}
