using System.Globalization;
using Metering.EnforcementSidecar.Access;
using Metering.EnforcementSidecar.Deciding;
using Metering.EnforcementSidecar.Reservations;
using Metering.EnforcementSidecar.Time;

namespace Metering.EnforcementSidecar.Http;

/// <summary>
/// <c>/v1/check</c> and everything below it, any method. Inputs are headers alone: gateways put the client's own path and
/// query on this call, so nothing there can be trusted. When memory is enough, no state machine is made.
/// </summary>
internal sealed class CheckEndpoint(
    DecisionEngine engine, AccessState access, ProductTime time, RepeatedRequests repeated, DecisionCounts counts, AnswerDialect dialect)
{
    public const int MaxFeatureKeyLength = 128;
    public const int MaxRequestIdLength = 128;
    public const long MaxUnits = 1_000_000_000_000;

    public Task HandleAsync(HttpContext context)
    {
        var headers = context.Request.Headers;
        var feature = headers[HeaderNames.Feature].ToString();
        if (!IsFeatureKey(feature))
        {
            return InvalidAsync(context, HeaderNames.Feature, "X-Meter-Feature has to name the feature that the request uses.");
        }

        if (!TryReadUnits(headers, out var units))
        {
            return InvalidAsync(context, HeaderNames.Units, "X-Meter-Units has to be a whole number from 1 to 1,000,000,000,000.");
        }

        var requestId = headers[HeaderNames.RequestId].ToString();
        if (requestId.Length > MaxRequestIdLength)
        {
            return InvalidAsync(context, HeaderNames.RequestId, "X-Meter-Request-Id has at most 128 characters.");
        }

        if (!SizeHeaders.TryRead(headers, out var size, out var wrong))
        {
            return InvalidAsync(context, wrong!, $"{wrong} has to be a whole number.");
        }

        var now = time.Now;
        if (!engine.TryIdentify(Credential.Of(headers), feature, units, size, now, out var refusal, out var identity, out var gate))
        {
            return AnswerAsync(context, refusal, restriction: null);
        }

        if (requestId.Length > 0)
        {
            return DecideOnceAsync(context, identity, gate, units, requestId);
        }

        return engine.TryDecide(identity.Customer!, gate, units, now, out var decision)
            ? AnswerAsync(context, decision, identity.Restriction)
            : AskAndAnswerAsync(context, identity, gate, units);
    }

    private async Task AskAndAnswerAsync(HttpContext context, Identity identity, FeatureGate gate, long units) => await AnswerAsync(
        context, await engine.AskAndDecideAsync(identity.Customer!, gate, units, context.RequestAborted), identity.Restriction);

    private async Task DecideOnceAsync(HttpContext context, Identity identity, FeatureGate gate, long units, string requestId)
    {
        var (customer, restriction) = identity;
        var request = new RepeatableRequest(customer!.Id, gate.Key, units, requestId, restriction?.ApplicationId, restriction?.AgentId);
        var decision = await repeated.OnceAsync(request, () => engine.DecideAsync(customer, gate, units, context.RequestAborted));
        await AnswerAsync(context, decision, restriction);
    }

    private Task AnswerAsync(HttpContext context, in Decision decision, CredentialRestriction? restriction)
    {
        counts.Count(decision, decision.IsAllowed ? "allowed" : Denial.Of(decision.Outcome).Reason);
        return decision.IsAllowed ? AllowAsync(context, decision, restriction) : DenyAsync(context, decision);
    }

    private Task AllowAsync(HttpContext context, in Decision decision, CredentialRestriction? restriction)
    {
        // The directory that identified the customer is there: decisions are only taken with one.
        var key = access.Known!.ReservationKey;
        var customer = decision.Customer!;
        var headers = context.Response.Headers;
        headers[HeaderNames.Customer] = customer.Id;
        var (application, agent) = (restriction?.ApplicationId, restriction?.AgentId);
        var reservation = new Reservation(decision.ReservationId, customer.Id, decision.Feature!.Key, decision.Units, application, agent);
        headers[HeaderNames.Reservation] = ReservationToken.Sign(reservation, key);
        if (application is not null)
        {
            headers[HeaderNames.Application] = application;
        }

        if (agent is not null)
        {
            headers[HeaderNames.Agent] = agent;
        }

        RateLimitHeaders.Write(headers, decision, dialect);
        if (decision.Quota is { Known: true, Remaining: < 0 } passed)
        {
            headers[HeaderNames.Warning] = string.Create(
                CultureInfo.InvariantCulture, $"soft_limit_passed limit={passed.Limit} used={passed.Limit - passed.Remaining}");
        }

        context.Response.StatusCode = StatusCodes.Status200OK;
        context.Response.ContentLength = 0;
        return Task.CompletedTask;
    }

    private Task DenyAsync(HttpContext context, in Decision decision)
    {
        var denial = dialect.Statuses.Apply(Denial.Of(decision.Outcome));
        var retryAfter = RateLimitHeaders.RetryAfterSeconds(decision);
        var headers = context.Response.Headers;
        RateLimitHeaders.Write(headers, decision, dialect);
        if (DeniedLimit.Of(decision) is { } limit)
        {
            headers[HeaderNames.Limit] = RateLimitHeaders.Told(limit, denial.Level, decision.At);
        }

        if (retryAfter is { } seconds)
        {
            headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        }

        return TryDenyForNginx(context, denial) ? Task.CompletedTask : ProblemAnswer.WriteAsync(context, denial, decision, retryAfter);
    }

    private Task InvalidAsync(HttpContext context, string header, string detail)
    {
        var denial = dialect.Statuses.Apply(Denial.InvalidRequest);
        return TryDenyForNginx(context, denial) ? Task.CompletedTask : ProblemAnswer.WriteAsync(context, denial, detail, $"header:{header}");
    }

    /// <summary>
    /// nginx's auth_request knows 401 and 403 alone, and an answer with a body costs it the connection. The truth is in headers.
    /// </summary>
    private static bool TryDenyForNginx(HttpContext context, Denial denial)
    {
        var headers = context.Response.Headers;
        headers[HeaderNames.Status] = denial.Status.ToString(CultureInfo.InvariantCulture);
        headers[HeaderNames.Reason] = denial.Reason;
        if (denial.Status == StatusCodes.Status401Unauthorized)
        {
            headers.WWWAuthenticate = "Bearer";
        }

        if (!context.Request.Headers[HeaderNames.Flavor].ToString().Equals("nginx", StringComparison.OrdinalIgnoreCase))
        {
            return false;
        }

        context.Response.StatusCode = denial.Status is StatusCodes.Status401Unauthorized or StatusCodes.Status503ServiceUnavailable
            ? denial.Status
            : StatusCodes.Status403Forbidden;
        context.Response.ContentLength = 0;
        return true;
    }

    public static bool IsFeatureKey(string text) =>
        text.Length is > 0 and <= MaxFeatureKeyLength && !text.AsSpan().ContainsAnyExceptInRange('!', '~');

    private static bool TryReadUnits(IHeaderDictionary headers, out long units)
    {
        units = 1;
        var text = headers[HeaderNames.Units].ToString();
        return text.Length == 0
            || (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out units) && units is > 0 and <= MaxUnits);
    }
}
