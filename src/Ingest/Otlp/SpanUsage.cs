using System.Collections.Frozen;
using System.Text.Json;
using Metering.Ingest.Llm;
using Metering.Ingest.Meters;

namespace Metering.Ingest.Otlp;

/// <summary>
/// Spans of calls to models, by the semantic conventions for generative AI, as events of the type <c>llm.usage</c>. A span is who it is by its trace
/// and its own id. Spans of agents and tools tell again what their calls used, and are passed over like spans that are about something else.
/// </summary>
internal static class SpanUsage
{
    private const string UsagePrefix = "gen_ai.usage.";
    private const string OwnPrefix = "metering.";

    private static readonly FrozenSet<string> OperationsOfModels =
        FrozenSet.ToFrozenSet(["chat", "generate_content", "text_completion", "embeddings"]);

    public static void Read(JsonElement request, string subjectAttribute, OtlpBatch batch)
    {
        foreach (var resourceSpans in OtlpJson.Items(request, "resourceSpans"))
        {
            var resource = OtlpJson.AttributesOf(resourceSpans, "resource");
            foreach (var span in OtlpJson.Items(resourceSpans, "scopeSpans").SelectMany(scope => OtlpJson.Items(scope, "spans")))
            {
                var own = span.TryGetProperty("attributes", out var attributes) ? attributes : default;
                Read(span, new OtlpAttributes(own, resource), subjectAttribute, batch);
            }
        }
    }

    private static void Read(JsonElement span, OtlpAttributes attributes, string subjectAttribute, OtlpBatch batch)
    {
        var operation = attributes.Text("gen_ai.operation.name");
        var usage = attributes.Beginning(UsagePrefix).ToArray();
        if (usage.Length == 0 || (operation is not null && !OperationsOfModels.Contains(operation)))
        {
            return;
        }

        if (IdOf(span, "traceId", 32) is not { } traceId || IdOf(span, "spanId", 16) is not { } spanId)
        {
            batch.Reject("A span has a traceId of 32 and a spanId of 16 hexadecimal digits.");
            return;
        }

        OtlpAttributes.TryInteger(span, "endTimeUnixNano", out var end);
        var service = attributes.Text("service.name");
        batch.Add(LlmEvent.Type, service, $"{traceId}-{spanId}", attributes.Text(subjectAttribute), subjectAttribute, end, data =>
        {
            OtlpJson.WriteText(data, "provider", attributes.FirstText("gen_ai.provider.name", "gen_ai.system"));
            OtlpJson.WriteText(data, "model", attributes.FirstText("gen_ai.response.model", "gen_ai.request.model"));
            OtlpJson.WriteText(data, "request_id", attributes.Text("gen_ai.response.id"));
            OtlpJson.WriteText(data, "operation", operation);
            OtlpJson.WriteText(data, "service", service);
            OtlpJson.WriteText(data, "error", attributes.Text("error.type"));
            OtlpJson.WriteTexts(data, "usage", usage);
            OtlpJson.WriteTexts(data, "attributes", [.. attributes.Beginning(OwnPrefix).Where(item => item.Key != subjectAttribute)]);
        });
    }

    /// <summary>Null when it is no id of so many digits, or one of zeros.</summary>
    private static string? IdOf(JsonElement span, string name, int digits) =>
        span.TryGetProperty(name, out var found) && EventValue.TryText(found, out var text) && text!.Length == digits
            && text.All(char.IsAsciiHexDigit) && text.Any(digit => digit != '0')
            ? text.ToLowerInvariant()
            : null;
}
