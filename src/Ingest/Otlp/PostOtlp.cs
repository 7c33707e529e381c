using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Metering.Ingest.Events;
using Metering.Ingest.Quotas;
using Metering.Platform.OpenApi;
using Metering.Platform.Problems;
using Metering.Platform.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Microsoft.Net.Http.Headers;

namespace Metering.Ingest.Otlp;

/// <summary>
/// <c>POST /api/v1/otlp/v1/traces</c> and <c>/metrics</c>: OTLP over HTTP in JSON. An exporter is pointed at <c>/api/v1/otlp</c>. What is about
/// calls of models becomes usage events; what is about something else is passed over. What can not be counted is answered as a partial success.
/// </summary>
internal static class PostOtlp
{
    public const string SubjectHeader = "Metering-Subject-Attribute";
    public const string DefaultSubjectAttribute = "metering.subject";

    private const int MaxAttributeLength = 256;

    public static void MapOtlp(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/api/v1/otlp/v1/traces", TracesAsync).RequireScope(Scope.EventsWrite)
            .WithMetadata(new RequestSizeLimitAttribute(EventLimits.MaxBodyBytes), new TakesEncodedBody())
            .WithName("exportTraces").WithSummary("Report calls of models as OTLP spans").Produces<TracesAnswer>()
            .WithRequestBody(typeof(JsonElement), ["application/json"]).WithExample(TracesExample);
        routes.MapPost("/api/v1/otlp/v1/metrics", MetricsAsync).RequireScope(Scope.EventsWrite)
            .WithMetadata(new RequestSizeLimitAttribute(EventLimits.MaxBodyBytes), new TakesEncodedBody())
            .WithName("exportMetrics").WithSummary("Report the use of tokens as OTLP metrics").Produces<MetricsAnswer>()
            .WithRequestBody(typeof(JsonElement), ["application/json"]).WithExample(MetricsExample);
    }

    private static Task<IResult> TracesAsync(HttpContext http, EventDoor door, CancellationToken cancellationToken) => AcceptAsync(
        http, SpanUsage.Read, (rejected, reasons) => new TracesAnswer(rejected is null ? null : new RejectedSpans(rejected, reasons)), door,
        cancellationToken);

    private static Task<IResult> MetricsAsync(HttpContext http, EventDoor door, CancellationToken cancellationToken) => AcceptAsync(
        http, MetricUsage.Read, (rejected, reasons) => new MetricsAnswer(rejected is null ? null : new RejectedDataPoints(rejected, reasons)), door,
        cancellationToken);

    private static async Task<IResult> AcceptAsync(
        HttpContext http, Action<JsonElement, string, OtlpBatch> read, Func<string?, string, object> answerOf, EventDoor door,
        CancellationToken cancellationToken)
    {
        var attribute = http.Request.Headers[SubjectHeader].ToString() is { Length: > 0 } named ? named : DefaultSubjectAttribute;
        if (attribute.Length > MaxAttributeLength)
        {
            return Problem.Invalid($"header:{SubjectHeader}", "too_long", $"An attribute's name has at most {MaxAttributeLength} characters.");
        }

        if (RefuseForm(http.Request) is { } refusal)
        {
            return refusal;
        }

        var allowance = door.Quotas.Of(http);
        if (allowance is not null && door.Quotas.Look(allowance) is { Admits: false } nothing)
        {
            return IngestQuotas.Exceeded(http, allowance, nothing);
        }

        using var batch = new OtlpBatch();
        if (await ReadAsync(http, attribute, read, batch, door.Room, cancellationToken) is { } problem)
        {
            return problem;
        }

        var rejected = batch.Rejected == 0 ? null : batch.Rejected.ToString(CultureInfo.InvariantCulture);
        var answer = Results.Json(answerOf(rejected, batch.Reasons));
        return batch.Events == 0 ? answer : await HandOverAsync(http, answer, batch.ToBody(), allowance, door, cancellationToken);
    }

    private static async Task<IResult> HandOverAsync(
        HttpContext http, IResult answer, ReadOnlyMemory<byte> body, EventAllowance? allowance, EventDoor door, CancellationToken cancellationToken)
    {
        var receivedAt = door.Clock.GetCurrentInstant();
        var request = new EventRequest(body, EventBatchForm.Array, IsBinary: false);
        var events = door.Acceptance.Read(body, request.Form, receivedAt);
        var errors = events.IsWellFormed
            ? await PostEvents.RefusedAsync(events, request, receivedAt, door.Validation, cancellationToken)
            : PostEvents.ErrorsOf(events, request);
        return errors.Length > 0
            ? Problem.Invalid(errors)
            : await PostEvents.HandOverAsync(http, answer, events, body, receivedAt, allowance, door);
    }

    private static IResult? RefuseForm(HttpRequest request)
    {
        var isJson = MediaTypeHeaderValue.TryParse(request.ContentType, out var type)
            && type.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase);
        if (!isJson)
        {
            return Problem.Of(
                ProblemType.UnsupportedMediaType,
                "OTLP is taken as JSON: set OTEL_EXPORTER_OTLP_PROTOCOL=http/json, or put a collector with encoding json in between.");
        }

        switch (request.Headers.ContentEncoding.ToString())
        {
            case "" or "identity":
                return null;
            case "gzip":
                request.Body = new InflatedBody(request.Body, EventLimits.MaxBodyBytes);
                request.ContentLength = null;
                return null;
            default:
                return Problem.Of(ProblemType.UnsupportedMediaType, "A body is sent as it is or compressed by gzip.");
        }
    }

    /// <returns>Null when the body could be read.</returns>
    private static async Task<IResult?> ReadAsync(
        HttpContext http, string attribute, Action<JsonElement, string, OtlpBatch> read, OtlpBatch batch, BodyRoom room,
        CancellationToken cancellationToken)
    {
        try
        {
            using var body = await PostedBody.ReadAsync(http.Request, room, cancellationToken);
            if (body is null)
            {
                return PostEvents.TooMany(http);
            }

            using var document = JsonDocument.Parse(body.Bytes, EventJson.DataOptions);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                return Problem.Invalid("", "invalid_type", "Send an object of OTLP.");
            }

            read(document.RootElement, attribute, batch);
            return null;
        }
        catch (InvalidDataException)
        {
            return Problem.Invalid("", "invalid_encoding", "The body is not what gzip makes.");
        }
        catch (JsonException exception)
        {
            return Problem.Invalid(
                "", "invalid_json", $"The JSON is broken at line {exception.LineNumber + 1}, byte {exception.BytePositionInLine + 1}.");
        }
    }

    private const string TracesExample = """
        {"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"chat-api"}}]},"scopeSpans":[{"spans":[
          {"traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b174","name":"chat gpt-5","startTimeUnixNano":"1768467600000000000",
           "endTimeUnixNano":"1768467601500000000","attributes":[
            {"key":"metering.subject","value":{"stringValue":"acme-app"}},{"key":"gen_ai.operation.name","value":{"stringValue":"chat"}},
            {"key":"gen_ai.provider.name","value":{"stringValue":"openai"}},{"key":"gen_ai.response.model","value":{"stringValue":"gpt-5"}},
            {"key":"gen_ai.usage.input_tokens","value":{"intValue":"1200"}},{"key":"gen_ai.usage.output_tokens","value":{"intValue":"300"}}]}]}]}]}
        """;

    private const string MetricsExample = """
        {"resourceMetrics":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"chat-api"}}]},"scopeMetrics":[{"metrics":[
          {"name":"gen_ai.client.token.usage","unit":"{token}","histogram":{"aggregationTemporality":1,"dataPoints":[
           {"startTimeUnixNano":"1768467600000000000","timeUnixNano":"1768467660000000000","count":"3","sum":4200,"attributes":[
            {"key":"metering.subject","value":{"stringValue":"acme-app"}},{"key":"gen_ai.token.type","value":{"stringValue":"input"}},
            {"key":"gen_ai.provider.name","value":{"stringValue":"openai"}},{"key":"gen_ai.request.model","value":{"stringValue":"gpt-5"}}]}]}}]}]}]}
        """;
}

/// <param name="PartialSuccess">Absent when everything that is about usage was taken.</param>
internal sealed record TracesAnswer(RejectedSpans? PartialSuccess);

/// <param name="RejectedSpans">How many, as OTLP writes numbers.</param>
internal sealed record RejectedSpans([property: JsonPropertyName("rejectedSpans")] string Count, string ErrorMessage);

/// <param name="PartialSuccess">Absent when everything that is about usage was taken.</param>
internal sealed record MetricsAnswer(RejectedDataPoints? PartialSuccess);

/// <param name="Count">How many, as OTLP writes numbers.</param>
internal sealed record RejectedDataPoints(
    [property: JsonPropertyName("rejectedDataPoints")] string Count, string ErrorMessage);
