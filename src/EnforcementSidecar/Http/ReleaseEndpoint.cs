using Metering.EnforcementSidecar.Access;

namespace Metering.EnforcementSidecar.Http;

/// <summary>
/// <c>POST /v1/release</c>: the request is over, whatever it used. Frees its place among the requests in flight at once; safe to repeat, and
/// for requests that hold none any more. Usage is settled as before.
/// </summary>
internal sealed class ReleaseEndpoint(AccessState access)
{
    public const int MaxBodyBytes = 4 << 10;

    private static readonly Denial NotReady =
        Denial.Plain(StatusCodes.Status503ServiceUnavailable, "not-available", "The request can not be released now", "not_ready");

    public async Task HandleAsync(HttpContext context)
    {
        if (await PostedReservation.ReadAsync(context, access, MaxBodyBytes, NotReady) is not { } posted)
        {
            return;
        }

        using var body = posted.Body;
        if (PostedReservation.TryFind(body.RootElement, [], posted.Directory, out var reservation) is { } refusal)
        {
            await ProblemAnswer.WriteAsync(context, refusal.Denial, refusal.Detail, refusal.Pointer);
            return;
        }

        posted.Directory.Release(reservation);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }
}
