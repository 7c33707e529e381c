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
