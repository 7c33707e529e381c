using System.Globalization;
using Metering.EnforcementSidecar.Access;
using Metering.EnforcementSidecar.Deciding;
using Metering.EnforcementSidecar.Http;
using Metering.EnforcementSidecar.Reservations;
using Microsoft.AspNetCore.Http.Features;

namespace Metering.EnforcementSidecar.InProcess;

/// <summary>
/// Decides before the endpoint runs. Feature and units come from the application alone, never from the client; how large the body is, and
/// when the request ends, this process knows itself.
/// </summary>
internal sealed class EnforcementMiddleware(RequestDelegate next, InProcessEngine engine, MeteringEnforcementOptions options)
{
    public Task InvokeAsync(HttpContext context)
    {
        var metadata = context.GetEndpoint()?.Metadata.GetMetadata<MeteredFeatureAttribute>();
        return (metadata?.Feature ?? options.FeatureOf(context)) is { } feature
            ? DecideAsync(context, feature, options.UnitsOf(context) ?? metadata?.Units ?? 1)
            : next(context);
    }

    private async Task DecideAsync(HttpContext context, string feature, long units)
    {
        var size = new RequestSize(BodyBytesOf(context), options.PromptTokensOf(context));
        var decision = Identify(context, feature, units, size, out var identity, out var gate)
            ?? await engine.Decisions.DecideAsync(identity.Customer!, gate!, units, context.RequestAborted);
        var denial = decision.IsAllowed ? null : Denial.Of(decision.Outcome);
        engine.Counts.Count(decision, denial?.Reason ?? "allowed");
        RateLimitHeaders.Write(context.Response.Headers, decision, AnswerDialect.Default);
        if (denial is not null)
        {
            await DenyAsync(context, denial, decision);
            return;
        }

        try
        {
            context.Features.Set(Admitted(decision, identity.Restriction));
            await next(context);
        }
        finally
        {
            // However it ended, also when the client has gone away.
            decision.Feature!.Slots?.Release(decision.ReservationId);
        }
    }

    private Decision? Identify(
        HttpContext context, string feature, long units, RequestSize size, out Identity identity, out FeatureGate? gate) =>
        engine.Decisions.TryIdentify(
            Credential.Of(context.Request.Headers), feature, units, size, engine.Time.Now, out var refusal, out identity, out gate)
            ? null
            : refusal;

    private MeteredRequest Admitted(in Decision decision, CredentialRestriction? restriction)
    {
        var (customer, feature) = (decision.Customer!.Id, decision.Feature!.Key);
        var (application, agent) = (restriction?.ApplicationId, restriction?.AgentId);
        var reservation = new Reservation(decision.ReservationId, customer, feature, decision.Units, application, agent);
        var token = ReservationToken.Sign(reservation, engine.Access.Known!.ReservationKey);
        return new MeteredRequest(engine.Settling, customer, feature, decision.Units, token) { ApplicationId = application, AgentId = agent };
    }

    private static Task DenyAsync(HttpContext context, Denial denial, in Decision decision)
    {
        var headers = context.Response.Headers;
        var retryAfter = RateLimitHeaders.RetryAfterSeconds(decision);
        if (retryAfter is { } seconds)
        {
            headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        }

        if (denial.Status == StatusCodes.Status401Unauthorized)
        {
            headers.WWWAuthenticate = "Bearer";
        }

        return ProblemAnswer.WriteAsync(context, denial, decision, retryAfter);
    }

    /// <summary>Unlike a gateway's check, a request that can have no body is known to have none.</summary>
    private static long? BodyBytesOf(HttpContext context) =>
        context.Request.ContentLength
        ?? (context.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: false } ? 0 : null);
}
