using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Metering.Testing;
using Xunit;

namespace Metering.Ingest.Tests.Events;

/// <summary>What Kong's metering plugin sends, where it sends it.</summary>
public sealed class KongEventsTests
{
    /// <summary>One call of a model is two events, joined by <c>api_request_id</c>; numbers may be texts.</summary>
    private const string Halves = """
        [
          {
            "specversion": "1.0", "id": "01J0000000000000000000REQ1", "source": "kong", "type": "kong.llm_request", "subject": "consumer:9f1c",
            "time": "2026-01-14T10:00:00.123Z", "datacontenttype": "application/json",
            "data": {
              "type": "request", "tokens": "120", "model": "gpt-5", "provider": "openai", "api_request_id": "req-1", "http_status": "200",
              "route_id": "r1", "service_id": "s1", "control_plane_id": "cp", "subject_type": "consumer", "cache_status": "Miss"
            }
          },
          {
            "specversion": "1.0", "id": "01J0000000000000000000RES1", "source": "kong", "type": "kong.llm_request", "subject": "consumer:9f1c",
            "time": "2026-01-14T10:00:01.456Z", "datacontenttype": "application/json",
            "data": { "type": "response", "tokens": "30.0", "model": "gpt-5", "provider": "openai", "api_request_id": "req-1" }
          }
        ]
        """;

    private const string ApiRequest = """
        {
          "specversion": "1.0", "id": "e-1", "source": "kong", "type": "kong.api_request", "subject": "app:77", "time": "2026-01-14T10:00:00Z",
          "data": {
            "client_ip": "192.0.2.1", "request_method": "POST", "request_uri": "/v1/chat", "request_size_bytes": "512", "upstream_status": "200",
            "response_size_bytes": 2048, "response_http_status": "200", "route_name": "chat", "service_port": "443", "subject_type": "application"
          }
        }
        """;

    [Fact]
    public async Task Both_kinds_of_events_are_taken_and_counted()
    {
        await using var host = await TestHost.StartAsync();
        await host.MeterAsync("llm_tokens", eventType: "kong.llm_request", dimensions: ["model", "type"]);
        await host.MeterAsync("api_bytes", eventType: "kong.api_request", value: "$.request_size_bytes", dimensions: "route_name");

        Assert.Equal(HttpStatusCode.Accepted, await PostAsync(host, Halves, "application/cloudevents-batch+json"));
        Assert.Equal(HttpStatusCode.Accepted, await PostAsync(host, ApiRequest, "application/cloudevents+json"));
        Assert.Equal(HttpStatusCode.Accepted, await PostAsync(host, ApiRequest, "application/json"));

        Assert.Equal("2026-01-14T10:00:00Z 2026-01-14T11:00:00Z 150", await host.QueryAsync("llm_tokens", "subject=consumer:9f1c"));
        Assert.Equal("2026-01-14T10:00:00Z 2026-01-14T11:00:00Z type=request 120\n2026-01-14T10:00:00Z 2026-01-14T11:00:00Z type=response 30",
            await host.QueryAsync("llm_tokens", "groupBy=type"));
        Assert.Equal("2026-01-14T10:00:00Z 2026-01-14T11:00:00Z route_name=chat 512", await host.QueryAsync("api_bytes", "groupBy=route_name"));
    }

    /// <summary>With both kinds switched on, a call of a model is three events: the request, and both halves of its tokens.</summary>
    [Fact]
    public async Task A_call_of_a_model_is_three_events_and_one_request()
    {
        await using var host = await TestHost.StartAsync();
        await SampleMeters.CreateAsync(host, "kong.json");
        var call = $"{Halves.TrimEnd()[..^1]},{ApiRequest}]";
        var refused = ApiRequest.Replace("_status\": \"200\"", "_status\": \"429\"", StringComparison.Ordinal);

        // Kong's queue sends again what it got no answer for, in whatever order.
        Assert.Equal(HttpStatusCode.Accepted, await PostAsync(host, call, "application/cloudevents-batch+json"));
        Assert.Equal(HttpStatusCode.Accepted, await PostAsync(host, Halves, "application/cloudevents-batch+json"));
        Assert.Equal(HttpStatusCode.Accepted, await PostAsync(host, ApiRequest.Replace("e-1", "e-2", StringComparison.Ordinal), "application/json"));
        Assert.Equal(HttpStatusCode.Accepted, await PostAsync(host, refused.Replace("e-1", "e-3", StringComparison.Ordinal), "application/json"));

        const string Hour = "2026-01-14T10:00:00Z 2026-01-14T11:00:00Z";
        Assert.Equal($"{Hour} route=chat 3", await host.QueryAsync("kong_requests", "groupBy=route"));
        Assert.Equal($"{Hour} status=200 2\n{Hour} status=429 1", await host.QueryAsync("kong_requests", "groupBy=status"));
        Assert.Equal($"{Hour} 2", await host.QueryAsync("kong_requests_ok"));
        Assert.Equal($"{Hour} 3", await host.QueryAsync("kong_megabytes"));
        Assert.Equal($"{Hour} model=gpt-5 1", await host.QueryAsync("kong_llm_calls", "groupBy=model"));
        Assert.Equal($"{Hour} 120", await host.QueryAsync("kong_llm_input_tokens", "subject=consumer:9f1c"));
        Assert.Equal($"{Hour} route_id=r1 120", await host.QueryAsync("kong_llm_input_tokens", "groupBy=route_id"));
        Assert.Equal($"{Hour} 30", await host.QueryAsync("kong_llm_output_tokens"));
        Assert.Empty((await host.GetAsync("/api/v1/events?from=2026-01-14T00:00:00Z&validation=failed")).AsArray());
    }

    [Fact]
    public async Task Numbers_that_are_none_are_stored_and_marked()
    {
        await using var host = await TestHost.StartAsync();
        await SampleMeters.CreateAsync(host, "kong.json");

        var odd = Halves.Replace("\"120\"", "\"many\"", StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Accepted, await PostAsync(host, odd, "application/cloudevents-batch+json"));

        var marked = Assert.Single((await host.GetAsync("/api/v1/events?from=2026-01-14T00:00:00Z&validation=failed")).AsArray());
        Assert.Contains("which meter kong_llm_input_tokens reads", (string)marked!["validationError"]!, StringComparison.Ordinal);
        Assert.Equal("2026-01-14T10:00:00Z 2026-01-14T11:00:00Z 30", await host.QueryAsync("kong_llm_output_tokens"));
    }

    [Fact]
    public async Task Events_are_listed_where_they_are_sent()
    {
        await using var host = await TestHost.StartAsync();
        await SampleMeters.CreateAsync(host, "kong.json");
        await PostAsync(host, Halves.Replace("\"120\"", "\"many\"", StringComparison.Ordinal), "application/cloudevents-batch+json");
        await PostAsync(host, ApiRequest, "application/json");
        const string Path = "/api/v3/openmeter/events";

        var first = await host.GetAsync($"{Path}?page[size]=1&filter[type]=kong.llm_request");
        var second = await host.GetAsync((string)first["meta"]!["page"]!["next"]!);
        var found = await host.GetAsync(
            $"{Path}?filter[subject][contains]=PP:&filter[time][gte]=2026-01-14T10:00:00Z&filter[time][lt]=2026-01-14T10:00:01Z&sort=time desc");

        Assert.Equal("01J0000000000000000000RES1", (string)first["data"]![0]!["event"]!["id"]!);
        Assert.Null(first["data"]![0]!["validation_errors"]);
        Assert.Equal("01J0000000000000000000REQ1", (string)second["data"]![0]!["event"]!["id"]!);
        Assert.Equal("unreadable_value", (string)second["data"]![0]!["validation_errors"]![0]!["code"]!);
        Assert.Equal("1  ", $"{second["meta"]!["page"]!["size"]} {second["meta"]!["page"]!["next"]} {second["meta"]!["page"]!["previous"]}");
        Assert.Equal("app:77", (string)Assert.Single(found["data"]!.AsArray())!["event"]!["subject"]!);
        Assert.NotNull(found["data"]![0]!["ingested_at"]);
    }

    [Theory]
    [InlineData("page[size]=0", "?page[size] out_of_range")]
    [InlineData("page[after]=x", "?page[after] invalid_cursor")]
    [InlineData("page[before]=x", "?page[before] not_supported")]
    [InlineData("sort=ingested_at", "?sort not_supported")]
    [InlineData("filter[subject][like]=a", "?filter[subject][like] not_supported")]
    [InlineData("filter[color]=a", "?filter[color] not_supported")]
    [InlineData("filter[time][gt]=noon", "?filter[time][gt] invalid_time")]
    [InlineData("filter[time][neq]=2026-01-14T10:00:00Z", "?filter[time][neq] invalid_time")]
    [InlineData("filter[customer_id]=01KF3H7Z0000000000000000AA", "?filter[customer_id] unknown_customer")]
    [InlineData("limit=1", "?limit not_supported")]
    public async Task A_question_that_can_not_be_answered_is_refused(string query, string expected)
    {
        await using var host = await TestHost.StartAsync();

        var problem = await host.GetAsync($"/api/v3/openmeter/events?{query}", 400);

        Assert.Equal(expected, $"{problem["errors"]![0]!["pointer"]} {problem["errors"]![0]!["code"]}");
    }

    [Fact]
    public async Task A_malformed_event_is_refused_as_on_the_other_route()
    {
        await using var host = await TestHost.StartAsync();

        Assert.Equal(HttpStatusCode.BadRequest, await PostAsync(host, """{"specversion":"1.0","id":"1"}""", "application/cloudevents+json"));
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, await PostAsync(host, ApiRequest, "text/plain"));
    }

    private static async Task<HttpStatusCode> PostAsync(TestHost host, string body, string contentType)
    {
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
        content.Headers.ContentType = MediaTypeHeaderValue.Parse(contentType);
        using var response = await host.Client.PostAsync("/api/v3/openmeter/events", content);
        return response.StatusCode;
    }
}
