using System.Text;
using Metering.EnforcementSidecar.Access;
using Microsoft.AspNetCore.Http.Features;

namespace Metering.EnforcementSidecar.Http;

/// <summary>The one middleware: a handful of paths compared in the order in which they are used, instead of routing.</summary>
internal sealed class SidecarRoutes(
    CheckEndpoint check, ChecksEndpoint checks, SettleEndpoint settle, ReleaseEndpoint release, LimitsEndpoint limits,
    AccessState access, ILogger<SidecarRoutes> logger)
{
    private const string Check = "/v1/check";
    private static readonly Denial NotFound = Denial.Plain(StatusCodes.Status404NotFound, "not-found", "There is no such resource", "not_found");

    private static readonly Denial Failed =
        Denial.Plain(StatusCodes.Status500InternalServerError, "internal-error", "The sidecar failed", "internal_error");

    public Task HandleAsync(HttpContext context)
    {
        // Gateways append the client's own path, and the server resolves its dot segments: `/v1/check/../../health/live` must stay a check.
        if (IsCheck(context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget) || IsCheck(context.Request.Path.Value))
        {
            var answer = check.HandleAsync(context);
            return answer.IsCompletedSuccessfully ? answer : GuardAsync(context, answer);
        }

        return GuardAsync(context, context.Request.Path.Value switch
        {
            "/v1/checks" => checks.HandleAsync(context),
            "/v1/settle" => settle.HandleAsync(context),
            "/v1/release" => release.HandleAsync(context),
            "/v1/limits" => limits.HandleAsync(context),
            "/health/live" => TextAsync(context, StatusCodes.Status200OK, "live"),
            "/health/ready" => access.Current is null
                ? TextAsync(context, StatusCodes.Status503ServiceUnavailable, "not ready: no snapshot of the customers is known yet")
                : TextAsync(context, StatusCodes.Status200OK, "ready"),
            _ => ProblemAnswer.WriteAsync(
                context, NotFound, "The sidecar answers /v1/check, /v1/checks, /v1/settle, /v1/release, /v1/limits and /health."),
        });
    }

    private static bool IsCheck(string? target) =>
        target is not null && target.StartsWith(Check, StringComparison.Ordinal)
        && (target.Length == Check.Length || target[Check.Length] is '/' or '?');

    private async Task GuardAsync(HttpContext context, Task answer)
    {
        try
        {
            await answer;
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // Nobody is listening any more: there is no answer to give.
        }
        catch (Exception exception) when (!context.Response.HasStarted && exception is not BadHttpRequestException)
        {
            logger.RequestFailed(exception);
            context.Response.Clear();
            await ProblemAnswer.WriteAsync(context, Failed, "The failure has been logged.");
        }
    }

    private static Task TextAsync(HttpContext context, int status, string text)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/plain";
        return context.Response.Body.WriteAsync(Encoding.ASCII.GetBytes(text), context.RequestAborted).AsTask();
    }
}
