using System.IO.Compression;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Metering.Testing;
using Xunit;

namespace Metering.Ingest.Tests.Otlp;

/// <summary>Calls of models as OpenTelemetry's exporters tell them.</summary>
public sealed class OtlpTests
{
    private const string Traces = "/api/v1/otlp/v1/traces";
    private const string Metrics = "/api/v1/otlp/v1/metrics";
    private const string Hour = "2026-01-15T09:00:00Z 2026-01-15T10:00:00Z";

    /// <summary>1768467600 is 2026-01-15T09:00:00Z.</summary>
    private const string SpanEnd = "1768467601500000999";

    [Fact]
    public async Task Spans_of_calls_are_counted_in_classes_and_once()
    {
        await using var host = await TestHost.StartAsync();
        await SampleMeters.CreateAsync(host, "llm.json");
        var agent = Span("a1", ("gen_ai.operation.name", "invoke_agent"), ("gen_ai.usage.input_tokens", 100), ("gen_ai.usage.output_tokens", 50));
        var call = Span(
            "a2", ("gen_ai.operation.name", "chat"), ("gen_ai.provider.name", "openai"), ("gen_ai.request.model", "gpt"),
            ("gen_ai.response.model", "gpt-5"), ("gen_ai.usage.input_tokens", 100), ("gen_ai.usage.cache_read.input_tokens", 60),
            ("gen_ai.usage.output_tokens", 50), ("gen_ai.usage.reasoning.output_tokens", 20), ("gen_ai.input.messages", "a secret"),
            ("metering.team", "search"));
        var http = Span("a3", ("http.request.method", "GET"));
        var old = Span("a4", ("gen_ai.system", "anthropic"), ("gen_ai.usage.prompt_tokens", 7), ("gen_ai.usage.completion_tokens", 3));

        Assert.Equal("200 {}", await PostAsync(host, Traces, SpansOf(agent, call, http, old)));
        Assert.Equal("200 {}", await PostAsync(host, Traces, SpansOf(call)));

        Assert.Equal($"{Hour} model=- 7\n{Hour} model=gpt-5 40", await host.QueryAsync("llm_input_tokens", "groupBy=model&subject=acme"));
        Assert.Equal($"{Hour} 60", await host.QueryAsync("llm_cache_read_tokens"));
        Assert.Equal($"{Hour} 33", await host.QueryAsync("llm_output_tokens"));
        Assert.Equal($"{Hour} 20", await host.QueryAsync("llm_reasoning_tokens"));
        Assert.Equal($"{Hour} provider=anthropic 1\n{Hour} provider=openai 1", await host.QueryAsync("llm_calls", "groupBy=provider"));
        var stored = (await host.GetAsync("/api/v1/events?from=2026-01-15T00:00:00Z")).AsArray()
            .Single(item => ((string)item!["event"]!["id"]!).EndsWith("a2", StringComparison.Ordinal))!["event"]!;
        Assert.Equal("otlp/chat-api 5b8efff798038103d269b633813fc60c-00000000000000a2 2026-01-15T09:00:01.5Z", string.Join(
            ' ', stored["source"], stored["id"], stored["time"]));
        Assert.Equal("search", (string)stored["data"]!["attributes"]!["metering.team"]!);
        Assert.DoesNotContain("secret", stored.ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_can_not_be_counted_is_a_partial_success()
    {
        await using var host = await TestHost.StartAsync();
        await SampleMeters.CreateAsync(host, "llm.json");
        (string, object) usage = ("gen_ai.usage.input_tokens", 5);
        var good = Span("b1", usage);
        var nobody = Span("b2", usage);
        nobody["attributes"]!.AsArray().RemoveAt(0);
        var noId = Span("0", usage);
        var early = Span("b4", usage);
        early["endTimeUnixNano"] = "0";
        var odd = Span("b5", usage);
        odd["attributes"]![0]!["value"]!["stringValue"] = new string('x', 300);

        var answer = await PostAsync(host, Traces, SpansOf(good, nobody, noId, early, odd));

        Assert.StartsWith("200 {\"partialSuccess\":{\"rejectedSpans\":\"4\",\"errorMessage\":\"There is no attribute metering.subject", answer,
            StringComparison.Ordinal);
        Assert.Contains("spanId of 16 hexadecimal digits", answer, StringComparison.Ordinal);
        Assert.Contains("time is missing", answer, StringComparison.Ordinal);
        Assert.Equal($"{Hour} 5", await host.QueryAsync("llm_input_tokens"));
    }

    [Fact]
    public async Task The_attribute_that_names_the_subject_may_be_any_also_of_the_resource()
    {
        await using var host = await TestHost.StartAsync();
        await SampleMeters.CreateAsync(host, "llm.json");
        var ofSpan = Span("c1", ("tenant.id", "beta"), ("gen_ai.usage.input_tokens", 5));
        var ofResource = Span("c2", ("gen_ai.usage.input_tokens", 6));

        Assert.Equal("200 {}", await PostAsync(host, Traces, SpansOf(ofSpan, ofResource), headers: ("Metering-Subject-Attribute", "tenant.id")));

        Assert.Equal($"{Hour} beta 5\n{Hour} gamma 6", await host.QueryAsync("llm_input_tokens", "groupBy=subject"));
        Assert.Equal(
            "400 header:Metering-Subject-Attribute too_long",
            Error(await PostAsync(host, Traces, "{}", headers: ("Metering-Subject-Attribute", new string('a', 257)))));
    }

    [Fact]
    public async Task Deltas_of_the_token_histogram_are_counted_once_and_cumulative_ones_refused()
    {
        await using var host = await TestHost.StartAsync();
        await SampleMeters.CreateAsync(host, "otel.json");
        var first = Metric(1, Point("input", 100, 2), Point("output", 30.0m, 2));
        var reordered = JsonNode.Parse(first.ToJsonString())!.AsObject();
        var attributes = reordered["histogram"]!["dataPoints"]![0]!["attributes"]!.AsArray();
        var moved = attributes[0]!;
        attributes.RemoveAt(0);
        attributes.Add(moved);

        Assert.Equal("200 {}", await PostAsync(host, Metrics, MetricsOf(first)));
        Assert.Equal("200 {}", await PostAsync(host, Metrics, MetricsOf(reordered)));
        Assert.Equal("200 {}", await PostAsync(host, Metrics, MetricsOf(Metric(1, Point("input", 11, 1, start: 60)), Other())));
        var cumulative = await PostAsync(host, Metrics, MetricsOf(Metric(2, Point("input", 1000, 9), Point("output", 9, 9))));

        Assert.StartsWith("200 {\"partialSuccess\":{\"rejectedDataPoints\":\"2\"", cumulative, StringComparison.Ordinal);
        Assert.Contains("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE=delta", cumulative, StringComparison.Ordinal);
        Assert.Equal($"{Hour} token_type=input 111\n{Hour} token_type=output 30", await host.QueryAsync("genai_tokens", "groupBy=token_type"));
        Assert.Equal($"{Hour} model=gpt-5 3", await host.QueryAsync("genai_calls", "groupBy=model"));
    }

    [Fact]
    public async Task Points_without_a_sum_or_times_are_refused_and_empty_ones_passed_over()
    {
        await using var host = await TestHost.StartAsync();
        var noSum = Point("input", 1, 1);
        noSum.Remove("sum");
        var noStart = Point("input", 1, 1);
        noStart.Remove("startTimeUnixNano");

        var answer = await PostAsync(host, Metrics, MetricsOf(Metric(1, noSum, noStart, Point("input", -1, 1), Point("input", 0, 0))));

        Assert.Contains("\"rejectedDataPoints\":\"3\"", answer, StringComparison.Ordinal);
        Assert.Empty((await host.GetAsync("/api/v1/events?from=2026-01-15T00:00:00Z")).AsArray());
    }

    [Fact]
    public async Task Bodies_may_be_compressed_within_bounds()
    {
        await using var host = await TestHost.StartAsync();
        await SampleMeters.CreateAsync(host, "llm.json");
        var span = SpansOf(Span("d1", ("gen_ai.usage.input_tokens", 5)));

        Assert.Equal("200 {}", await PostAsync(host, Traces, Gzip(Encoding.UTF8.GetBytes(span)), headers: ("Content-Encoding", "gzip")));
        Assert.Equal($"{Hour} 5", await host.QueryAsync("llm_input_tokens"));
        var bomb = await PostAsync(host, Traces, Gzip(new byte[64 << 20]), headers: ("Content-Encoding", "gzip"));
        Assert.StartsWith("413", bomb, StringComparison.Ordinal);
        Assert.Equal("400  invalid_encoding", Error(await PostAsync(host, Traces, span, headers: ("Content-Encoding", "gzip"))));
        Assert.StartsWith("415", await PostAsync(host, Traces, span, headers: ("Content-Encoding", "br")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{", "application/json", "400  invalid_json")]
    [InlineData("[]", "application/json", "400  invalid_type")]
    [InlineData("{}", "application/x-protobuf", "415")]
    [InlineData("{}", null, "415")]
    [InlineData("{}", "application/json; charset=utf-8", "200")]
    [InlineData("""{"resourceSpans":[7,{"scopeSpans":{"spans":[]}}]}""", "application/json", "200")]
    [InlineData("""{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":7}]}]}]}""", "application/json", "200")]
    public async Task What_is_no_otlp_in_json_is_refused(string body, string? contentType, string expected)
    {
        await using var host = await TestHost.StartAsync();

        foreach (var path in (string[])[Traces, Metrics])
        {
            var answer = await PostAsync(host, path, body, contentType);
            Assert.StartsWith(expected, answer.StartsWith("400", StringComparison.Ordinal) ? Error(answer) : answer, StringComparison.Ordinal);
            Assert.True(contentType != "application/x-protobuf" || answer.Contains("http/json", StringComparison.Ordinal), answer);
        }
    }

    [Fact]
    public async Task A_key_that_may_not_write_events_is_refused()
    {
        await using var host = await TestHost.StartAsync();
        using var nobody = new HttpClient { BaseAddress = host.Url };
        using var body = new StringContent("{}", Encoding.UTF8, "application/json");

        using var answer = await nobody.PostAsync(Traces, body);

        Assert.Equal(401, (int)answer.StatusCode);
    }

    private static JsonObject Span(string id, params (string Key, object Value)[] attributes) => new()
    {
        ["traceId"] = "5B8EFFF798038103D269B633813FC60C", ["spanId"] = id.PadLeft(16, '0'), ["name"] = "chat", ["kind"] = 3,
        ["startTimeUnixNano"] = "1768467600000000000", ["endTimeUnixNano"] = SpanEnd,
        ["attributes"] = Attributes([("metering.subject", "acme"), .. attributes]),
    };

    private static JsonObject Point(string type, decimal sum, int count, int start = 0) => new()
    {
        ["startTimeUnixNano"] = $"{1768467600 + start}000000000", ["timeUnixNano"] = $"{1768467660 + start}000000000", ["count"] = $"{count}",
        ["sum"] = sum, ["bucketCounts"] = new JsonArray("1", "1"), ["explicitBounds"] = new JsonArray(1),
        ["attributes"] = Attributes(("metering.subject", "acme"), ("gen_ai.token.type", type), ("gen_ai.response.model", "gpt-5")),
    };

    private static JsonObject Metric(int temporality, params JsonObject[] points) => new()
    {
        ["name"] = "gen_ai.client.token.usage", ["unit"] = "{token}",
        ["histogram"] = new JsonObject { ["aggregationTemporality"] = temporality, ["dataPoints"] = new JsonArray([.. points]) },
    };

    private static JsonObject Other() => new()
    {
        ["name"] = "http.server.request.duration",
        ["histogram"] = new JsonObject { ["aggregationTemporality"] = 2, ["dataPoints"] = new JsonArray(new JsonObject()) },
    };

    private static JsonArray Attributes(params (string Key, object Value)[] attributes) =>
    [
        .. attributes.Select(item => new JsonObject
        {
            ["key"] = item.Key,
            ["value"] = new JsonObject { [item.Value is int ? "intValue" : "stringValue"] = $"{item.Value}" },
        }),
    ];

    private static JsonObject Resource => new() { ["attributes"] = Attributes(("service.name", "chat-api"), ("tenant.id", "gamma")) };

    private static string SpansOf(params JsonObject[] spans) => new JsonObject
    {
        ["resourceSpans"] = new JsonArray(new JsonObject
        {
            ["resource"] = Resource,
            ["scopeSpans"] = new JsonArray(new JsonObject { ["spans"] = new JsonArray([.. spans.Select(span => span.DeepClone())]) }),
        }),
    }.ToJsonString();

    private static string MetricsOf(params JsonObject[] metrics) => new JsonObject
    {
        ["resourceMetrics"] = new JsonArray(new JsonObject
        {
            ["resource"] = Resource,
            ["scopeMetrics"] = new JsonArray(new JsonObject { ["metrics"] = new JsonArray([.. metrics]) }),
        }),
    }.ToJsonString();

    private static Task<string> PostAsync(
        TestHost host, string path, string body, string? contentType = "application/json", params (string Name, string Value)[] headers) =>
        PostAsync(host, path, Encoding.UTF8.GetBytes(body), contentType, headers);

    private static async Task<string> PostAsync(
        TestHost host, string path, byte[] body, string? contentType = "application/json", params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = contentType is null ? null : MediaTypeHeaderValue.Parse(contentType);
        foreach (var (name, value) in headers)
        {
            Assert.True(request.Headers.TryAddWithoutValidation(name, value) || request.Content.Headers.TryAddWithoutValidation(name, value));
        }

        using var answer = await host.Client.SendAsync(request);
        return $"{(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}";
    }

    private static string Error(string answer)
    {
        var error = JsonNode.Parse(answer[4..])!["errors"]![0]!;
        return $"{answer[..3]} {error["pointer"]} {error["code"]}";
    }

    private static byte[] Gzip(byte[] body)
    {
        using var compressed = new MemoryStream();
        using (var gzip = new GZipStream(compressed, CompressionLevel.Fastest))
        {
            gzip.Write(body);
        }

        return compressed.ToArray();
    }
}
