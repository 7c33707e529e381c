using System.Globalization;
using System.Text.Json;
using Metering.Ingest.Events;
using Metering.Ingest.Meters;

namespace Metering.Ingest.Otlp;

/// <summary>
/// The histogram <c>gen_ai.client.token.usage</c> as usage events: a data point says how many tokens of a type were used between two times. Only
/// deltas are taken. A cumulative point says again what the ones before it said: what it adds is known only to who remembers every stream for
/// ever, and a point that arrives out of order, or a memory that is lost, would count the whole of it twice.
/// </summary>
internal static class MetricUsage
{
    public const string Metric = "gen_ai.client.token.usage";

    private const string NotDelta =
        $"{Metric} is cumulative; set OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE=delta where it is exported.";

    public static void Read(JsonElement request, string subjectAttribute, OtlpBatch batch)
    {
        foreach (var resourceMetrics in OtlpJson.Items(request, "resourceMetrics"))
        {
            var resource = OtlpJson.AttributesOf(resourceMetrics, "resource");
            foreach (var metric in OtlpJson.Items(resourceMetrics, "scopeMetrics").SelectMany(scope => OtlpJson.Items(scope, "metrics")))
            {
                if (metric.TryGetProperty("name", out var name) && name.ValueKind == JsonValueKind.String && name.ValueEquals(Metric))
                {
                    ReadMetric(metric, resource, subjectAttribute, batch);
                }
            }
        }
    }

    private static void ReadMetric(JsonElement metric, JsonElement resource, string subjectAttribute, OtlpBatch batch)
    {
        foreach (var kind in (string[])["histogram", "exponentialHistogram"])
        {
            if (!metric.TryGetProperty(kind, out var histogram) || histogram.ValueKind != JsonValueKind.Object)
            {
                continue;
            }

            var isDelta = IsDelta(histogram);
            foreach (var point in OtlpJson.Items(histogram, "dataPoints"))
            {
                if (!isDelta)
                {
                    batch.Reject(NotDelta);
                    continue;
                }

                var own = point.TryGetProperty("attributes", out var attributes) ? attributes : default;
                ReadPoint(point, new OtlpAttributes(own, resource), subjectAttribute, batch);
            }
        }
    }

    private static void ReadPoint(JsonElement point, OtlpAttributes attributes, string subjectAttribute, OtlpBatch batch)
    {
        if (!OtlpAttributes.TryInteger(point, "startTimeUnixNano", out var start) || start <= 0
            || !OtlpAttributes.TryInteger(point, "timeUnixNano", out var end) || end < start)
        {
            batch.Reject("A data point has a startTimeUnixNano and a timeUnixNano that is not before it.");
            return;
        }

        if (!point.TryGetProperty("sum", out var sum) || !EventValue.TryNumber(sum, out var tokens) || tokens < 0)
        {
            batch.Reject("A data point has a sum that is not negative.");
            return;
        }

        var calls = OtlpAttributes.TryInteger(point, "count", out var count) ? count : 0m;
        if (calls == 0m && tokens == 0m)
        {
            return;
        }

        var id = Digest.Of(string.Create(CultureInfo.InvariantCulture, $"{Metric}\n{attributes.Identity()}\n{start}\n{end}"));
        var service = attributes.Text("service.name");
        batch.Add(Metric, service, id.ToString("N"), attributes.Text(subjectAttribute), subjectAttribute, end, data =>
        {
            OtlpJson.WriteText(data, "provider", attributes.FirstText("gen_ai.provider.name", "gen_ai.system"));
            OtlpJson.WriteText(data, "model", attributes.FirstText("gen_ai.response.model", "gen_ai.request.model"));
            OtlpJson.WriteText(data, "operation", attributes.Text("gen_ai.operation.name"));
            OtlpJson.WriteText(data, "token_type", attributes.Text("gen_ai.token.type"));
            OtlpJson.WriteText(data, "service", service);
            data.WriteNumber("tokens", tokens);
            data.WriteNumber("calls", calls);
        });
    }

    /// <summary>By number, or by name as some exporters write it.</summary>
    private static bool IsDelta(JsonElement histogram) =>
        histogram.TryGetProperty("aggregationTemporality", out var temporality) && EventValue.TryText(temporality, out var text)
        && text is "1" or "AGGREGATION_TEMPORALITY_DELTA";
}
