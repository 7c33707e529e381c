using System.Text.Json;
using Metering.EnforcementSidecar.Access;
using Metering.EnforcementSidecar.Deciding;
using Metering.EnforcementSidecar.Reservations;
using Metering.EnforcementSidecar.Time;

namespace Metering.EnforcementSidecar.Http;

/// <summary>
/// <c>POST /v1/checks</c>: up to 100 questions for one key, each decided for itself or all together or none. What a single check answers by
/// status and headers stands here in the body; 200 says that the questions were answered.
/// </summary>
internal sealed class ChecksEndpoint(DecisionEngine engine, ProductTime time, DecisionCounts counts, AdmittedRequests admitted)
{
    public const int MaxBodyBytes = 64 << 10;

    public async Task HandleAsync(HttpContext context)
    {
        if (!HttpMethods.IsPost(context.Request.Method))
        {
            await ProblemAnswer.WriteAsync(context, Denial.MethodNotAllowed, "Use POST.");
            return;
        }

        using var json = await JsonBody.ReadAsync(context, MaxBodyBytes);
        if (json is null)
        {
            return;
        }

        if (ChecksBody.Parse(json.RootElement, out var pointer, out var detail) is not { } body)
        {
            await ProblemAnswer.WriteAsync(context, Denial.InvalidRequest, detail, pointer);
            return;
        }

        var (identity, questions, refusals) = Identify(Credential.Of(context.Request.Headers).ToString(), body);
        if (refusals.Find(one => one is { Outcome: <= DecisionOutcome.CustomerSuspended }) is { } nobody)
        {
            var denial = Denial.Of(nobody.Outcome);
            counts.Count(nobody, denial.Reason);
            await ProblemAnswer.WriteAsync(context, denial, nobody, RateLimitHeaders.RetryAfterSeconds(nobody));
            return;
        }

        var decisions = body.Together
            ? await DecideTogetherAsync(identity.Customer!, questions, refusals, context.RequestAborted)
            : await DecideEachAsync(identity.Customer!, questions, refusals, context.RequestAborted);
        await AnswerAsync(context, body, identity, decisions);
    }

    /// <summary>Everything that burns nothing. A question that is refused already has its refusal, another has null.</summary>
    private (Identity Identity, List<Question> Questions, List<Decision?> Refusals) Identify(string key, ChecksBody body)
    {
        var now = time.Now;
        var identity = default(Identity);
        var questions = new List<Question>(body.Checks.Count);
        var refusals = new List<Decision?>(body.Checks.Count);
        foreach (var asked in body.Checks)
        {
            var isKnown = engine.TryIdentify(key, asked.Feature, asked.Units, asked.Size, now, out var refusal, out identity, out var gate);
            questions.Add(isKnown ? new Question(gate!, asked.Units) : default);
            refusals.Add(isKnown ? null : refusal);
        }

        return (identity, questions, refusals);
    }

    private async Task<Decision?[]> DecideEachAsync(
        CustomerEntry customer, List<Question> questions, List<Decision?> refusals, CancellationToken cancellationToken)
    {
        var decisions = refusals.ToArray();
        for (var i = 0; i < decisions.Length; i++)
        {
            decisions[i] ??= await engine.DecideAsync(customer, questions[i].Feature, questions[i].Units, cancellationToken);
        }

        return decisions;
    }

    /// <summary>Null where a question was not asked, or what it had taken was given back, because another was denied.</summary>
    private async Task<Decision?[]> DecideTogetherAsync(
        CustomerEntry customer, List<Question> questions, List<Decision?> refusals, CancellationToken cancellationToken)
    {
        if (refusals.Exists(refusal => refusal is not null))
        {
            return [.. refusals];
        }

        var (allowed, denial, deniedAt) = await engine.DecideTogetherAsync(customer, questions, cancellationToken);
        return denial is null
            ? [.. allowed]
            : [.. questions.Select((_, i) => i == deniedAt ? denial : null)];
    }

    private Task AnswerAsync(HttpContext context, ChecksBody body, Identity identity, Decision?[] decisions)
    {
        var isAllowed = Array.TrueForAll(decisions, decision => decision is { IsAllowed: true });
        return JsonAnswer.WriteAsync(context, StatusCodes.Status200OK, json =>
        {
            json.WriteString("customerId", identity.Customer!.Id);
            json.WriteString("mode", body.Together ? "all" : "each");
            json.WriteBoolean("allowed", isAllowed);
            json.WriteStartArray("results");
            foreach (var (asked, decision) in body.Checks.Zip(decisions))
            {
                WriteResult(json, asked, decision, identity.Restriction);
            }

            json.WriteEndArray();
        });
    }

    private void WriteResult(Utf8JsonWriter json, ChecksBody.Asked asked, Decision? decided, CredentialRestriction? restriction)
    {
        json.WriteStartObject();
        json.WriteString("outcome", decided is not { } known ? "not_taken" : known.IsAllowed ? "allowed" : "denied");
        json.WriteNumber("units", asked.Units);
        if (decided is not { IsAllowed: false, Feature: not null })
        {
            json.WriteString("feature", asked.Feature);
        }

        if (decided is { } decision)
        {
            var reason = decision.IsAllowed ? "allowed" : Denial.Of(decision.Outcome).Reason;
            counts.Count(decision, reason);
            if (decision.IsAllowed)
            {
                WriteReservation(json, decision, restriction, asked.Size.PromptTokens ?? 0);
            }
            else
            {
                ProblemAnswer.WriteMembers(json, Denial.Of(decision.Outcome), decision, RateLimitHeaders.RetryAfterSeconds(decision));
            }
        }

        json.WriteEndObject();
    }

    private void WriteReservation(Utf8JsonWriter json, in Decision decision, CredentialRestriction? restriction, long promptTokens)
    {
        admitted.Open(decision, restriction, promptTokens, model: null);
        json.WriteString("reservation", admitted.TokenOf(decision, restriction, promptTokens));
        if (decision.Quota.Known)
        {
            json.WriteNumber("remaining", decision.Quota.Remaining);
        }
    }
}
