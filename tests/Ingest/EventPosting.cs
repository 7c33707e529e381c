using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Metering.Testing;

namespace Metering.Ingest.Tests;

/// <summary>Meters made and events posted as a gateway's operator would.</summary>
internal static class EventPosting
{
    public static Task<JsonNode> MeterAsync(
        this TestHost host, string slug, string aggregation = "SUM", string eventType = "prompt", string? value = "$.tokens",
        params string[] dimensions)
    {
        var groupBy = new JsonObject();
        foreach (var dimension in dimensions)
        {
            groupBy[dimension] = $"$.{dimension}";
        }

        var meter = new JsonObject
        {
            ["slug"] = slug, ["aggregation"] = aggregation, ["eventType"] = eventType, ["valueProperty"] = value, ["groupBy"] = groupBy,
        };
        return host.PostAsync("/api/v1/meters", meter, 201);
    }

    public static JsonObject Event(string id, string time, JsonNode? data, string subject = "acme", string type = "prompt") => new()
    {
        ["specversion"] = "1.0", ["id"] = id, ["source"] = "gateway", ["type"] = type, ["subject"] = subject, ["time"] = time,
        ["data"] = data?.DeepClone(),
    };

    /// <summary>As a batch that asks what became of each event.</summary>
    public static async Task<JsonNode> PostEventsAsync(this TestHost host, params IEnumerable<JsonObject> events)
    {
        var batch = new JsonArray([.. events.Select(item => item.DeepClone())]);
        var (status, body) = await host.SendEventsAsync(
            batch.ToJsonString(), "application/cloudevents-batch+json", ("Prefer", "return=representation"));
        return status == 200 ? JsonNode.Parse(body)! : throw new InvalidOperationException($"{status}: {body}");
    }

    public static async Task<(int Status, string Body)> SendEventsAsync(
        this TestHost host, string body, string? contentType, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/events");
        request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
        request.Content.Headers.ContentType = contentType is null ? null : MediaTypeHeaderValue.Parse(contentType);
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        using var response = await host.Client.SendAsync(request);
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    /// <summary>For what happens behind a queue: looks again until it has happened, or gives up.</summary>
    public static async Task UntilAsync(this TestHost host, Func<Task<bool>> happened)
    {
        for (var look = 0; look < 1_200; look++)
        {
            if (await happened())
            {
                return;
            }

            await Task.Delay(50);
        }

        throw new TimeoutException($"{host.Url}: it did not happen in a minute.");
    }

    /// <summary>The rows of an answer, one line each: <c>start subject dimensions value</c>.</summary>
    public static async Task<string> QueryAsync(this TestHost host, string slug, string parameters = "")
    {
        var answer = await host.GetAsync($"/api/v1/meters/{slug}/query?{parameters}", 200);
        return string.Join("\n", answer["data"]!.AsArray().Select(row => Line(row!)));
    }

    private static string Line(JsonNode row)
    {
        var dimensions = row["groupBy"]!.AsObject().Select(item => $" {item.Key}={item.Value?.ToString() ?? "-"}");
        var subject = row["subject"] is { } named ? $" {named}" : "";
        return $"{row["windowStart"]} {row["windowEnd"]}{subject}{string.Concat(dimensions)} {row["value"]}";
    }
}
