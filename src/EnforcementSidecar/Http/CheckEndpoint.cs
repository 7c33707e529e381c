using System.Globalization;
using Metering.Contracts.Sidecar;
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
    DecisionEngine engine, ProductTime time, RepeatedRequests repeated, AdmittedRequests admitted, OpenReservations open, OutputHistory outputs,
    DecisionCounts counts, AnswerDialect dialect)
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
            return AnswerAsync(context, refusal, default);
        }

        var call = new CheckedCall(identity, gate, units, default, null);
        if (gate.Reservation is { } terms && TryReserve(context, terms, ref call) is { } unreserved)
        {
            return unreserved;
        }

        if (requestId.Length > 0)
        {
            return DecideOnceAsync(context, call, requestId);
        }

        return engine.TryDecide(identity.Customer!, gate, call.Units, now, out var decision)
            ? AnswerAsync(context, Opened(decision, call), call)
            : AskAndAnswerAsync(context, call);
    }

    /// <summary>How much a call of a model is likely to need. A gateway that knows better says so in units.</summary>
    /// <returns>The answer when that can not be told; null when it can.</returns>
    private Task? TryReserve(HttpContext context, ReservationTerms terms, ref CheckedCall call)
    {
        if (ReservationHeaders.Read(context.Request.Headers, out var asked) is { } wrong)
        {
            return InvalidAsync(context, wrong.Header, wrong.Detail);
        }

        if (open.IsFull)
        {
            context.Response.Headers.RetryAfter = "1";
            return RefuseAsync(context, Denial.ReservationsFull, "Too many calls are under way; try again.", null);
        }

        var isSized = ReservationSizing.TrySize(asked, terms, outputs.UsualMost(asked.Model), out var reserved);
        if (context.Request.Headers[HeaderNames.Units].Count > 0)
        {
            var most = Math.Min(asked.MaxOutputTokens ?? terms.DefaultOutputTokens, terms.MaxOutputTokens);
            reserved = new ReservedCall(call.Units, Math.Min(asked.PromptTokens ?? reserved.PromptTokens, call.Units), most);
        }
        else if (!isSized)
        {
            const string detail = "Nothing bounds what the call reads: send X-Meter-Input-Bytes of the body as it is, without compression, or "
                + "X-Meter-Prompt-Tokens, and let the provider add nothing; or agree on maxContextTokens.";
            return RefuseAsync(context, Denial.InputUnbounded, detail, $"header:{HeaderNames.InputBytes}");
        }

        call = call with { Units = reserved.Units, Reserved = reserved, Model = asked.Model };
        return null;
    }

    private async Task AskAndAnswerAsync(HttpContext context, CheckedCall call)
    {
        var decision = await engine.AskAndDecideAsync(call.Identity.Customer!, call.Gate, call.Units, context.RequestAborted);
        await AnswerAsync(context, Opened(decision, call), call);
    }

    private async Task DecideOnceAsync(HttpContext context, CheckedCall call, string requestId)
    {
        var (customer, restriction) = call.Identity;

        // What is usual may have changed between a request and its repetition; it is one reservation all the same.
        var units = call.Gate.Reservation is null ? call.Units : 0;
        var request = new RepeatableRequest(
            customer!.Id, call.Gate.Key, units, requestId, restriction?.ApplicationId, restriction?.AgentId);
        var decision = await repeated.OnceAsync(
            request, async () => Opened(await engine.DecideAsync(customer, call.Gate, call.Units, context.RequestAborted), call));
        await AnswerAsync(context, decision, call);
    }

    private Decision Opened(in Decision decision, in CheckedCall call)
    {
        admitted.Open(decision, call.Identity.Restriction, call.Reserved.PromptTokens, call.Model);
        return decision;
    }

    private Task AnswerAsync(HttpContext context, in Decision decision, in CheckedCall call)
    {
        counts.Count(decision, decision.IsAllowed ? "allowed" : Denial.Of(decision.Outcome).Reason);
        return decision.IsAllowed ? AllowAsync(context, decision, call) : DenyAsync(context, decision);
    }

    private Task AllowAsync(HttpContext context, in Decision decision, in CheckedCall call)
    {
        var customer = decision.Customer!;
        var headers = context.Response.Headers;
        headers[HeaderNames.Customer] = customer.Id;
        headers[HeaderNames.Reservation] = admitted.TokenOf(decision, call.Identity.Restriction, call.Reserved.PromptTokens);
        if (decision.Feature!.Reservation is not null)
        {
            headers[HeaderNames.MaxOutputTokens] = call.Reserved.MaxOutputTokens.ToString(CultureInfo.InvariantCulture);
        }

        var (application, agent) = (call.Identity.Restriction?.ApplicationId, call.Identity.Restriction?.AgentId);
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

    private Task InvalidAsync(HttpContext context, string header, string detail) =>
        RefuseAsync(context, Denial.InvalidRequest, detail, $"header:{header}");

    private Task RefuseAsync(HttpContext context, Denial refusal, string detail, string? pointer)
    {
        var denial = dialect.Statuses.Apply(refusal);
        return TryDenyForNginx(context, denial) ? Task.CompletedTask : ProblemAnswer.WriteAsync(context, denial, detail, pointer);
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
