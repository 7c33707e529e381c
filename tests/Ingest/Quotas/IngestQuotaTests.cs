using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Metering.Testing;
using Xunit;

namespace Metering.Ingest.Tests.Quotas;

/// <summary>Through HTTP. One event a minute: nothing comes back while a test runs.</summary>
public sealed class IngestQuotaTests
{
    [Fact]
    public async Task A_key_sends_what_its_quota_allows_and_is_told_when_to_come_again()
    {
        await using var host = await TestHost.StartAsync();
        await host.MeterAsync("tokens", "COUNT", value: null);
        var (_, gateway) = await KeyAsync(host, """{"eventsPerMinute":1,"burst":3}""");

        using var two = await SendAsync(gateway, "1", "2");
        Assert.Equal(204, (int)two.StatusCode);
        Assert.Equal("\"ingest\";q=1;w=60", two.Headers.GetValues("RateLimit-Policy").Single());
        Assert.StartsWith("\"ingest\";r=1;t=", two.Headers.GetValues("RateLimit").Single(), StringComparison.Ordinal);

        // A request may take more than is left; the next one waits for it.
        using var more = await SendAsync(gateway, "3", "4");
        Assert.Equal(204, (int)more.StatusCode);
        using var refused = await SendAsync(gateway, "5");
        Assert.Equal(429, (int)refused.StatusCode);
        Assert.Equal("application/problem+json", refused.Content.Headers.ContentType!.MediaType);
        var problem = JsonNode.Parse(await refused.Content.ReadAsStringAsync())!;
        Assert.Equal("https://iana.org/assignments/http-problem-types#quota-exceeded", (string)problem["type"]!);
        Assert.InRange(refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 120);
        Assert.StartsWith("\"ingest\";r=0;t=", refused.Headers.GetValues("RateLimit").Single(), StringComparison.Ordinal);

        Assert.EndsWith(" 4", await host.QueryAsync("tokens"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_quota_is_shown_changed_and_removed_and_keys_without_one_are_not_limited()
    {
        await using var host = await TestHost.StartAsync();
        var (id, gateway) = await KeyAsync(host, """{"eventsPerMinute":1}""");
        using (var first = await SendAsync(gateway, "1"))
        {
            Assert.Equal(204, (int)first.StatusCode);
        }

        using (var used = await SendAsync(gateway, "2"))
        {
            Assert.Equal(429, (int)used.StatusCode);
        }

        Assert.Equal("""{"eventsPerMinute":1,"burst":1}""", await ShownAsync(host, id));
        using (var changed = await host.Client.PutAsJsonAsync($"/api/v1/api-keys/{id}/ingest-quota", new { eventsPerMinute = 60, burst = 1000 }))
        {
            Assert.Equal(200, (int)changed.StatusCode);
        }

        Assert.Equal("""{"eventsPerMinute":60,"burst":1000}""", await ShownAsync(host, id));
        await host.UntilAsync(async () => (await SendAsync(gateway, "2")).StatusCode == System.Net.HttpStatusCode.NoContent);

        using (var removed = await host.Client.DeleteAsync($"/api/v1/api-keys/{id}/ingest-quota"))
        {
            Assert.Equal(204, (int)removed.StatusCode);
        }

        Assert.Equal("null", await ShownAsync(host, id));
        await host.UntilAsync(async () => !(await SendAsync(gateway, "3")).Headers.Contains("RateLimit"));
        var actions = (await host.GetAsync("/api/v1/audit"))["items"]!.AsArray().Select(entry => (string)entry!["action"]!);
        Assert.Equal(2, actions.Count(action => action == "api_key.ingest_quota"));
    }

    [Theory]
    [InlineData("""{"eventsPerMinute":0}""", "/ingestQuota/eventsPerMinute")]
    [InlineData("""{"eventsPerMinute":5,"burst":0}""", "/ingestQuota/burst")]
    [InlineData("""{"eventsPerMinute":100000001}""", "/ingestQuota/eventsPerMinute")]
    [InlineData("""{"burst":5}""", "/ingestQuota/eventsPerMinute")]
    [InlineData("""{"eventsPerMinute":"many"}""", "/ingestQuota/eventsPerMinute")]
    public async Task A_quota_that_makes_no_sense_names_the_field(string quota, string pointer)
    {
        await using var host = await TestHost.StartAsync();
        var request = new JsonObject { ["name"] = "gateway", ["role"] = "gateway", ["ingestQuota"] = JsonNode.Parse(quota) };

        using var response = await host.Client.PostAsJsonAsync("/api/v1/api-keys", request);

        Assert.Equal(400, (int)response.StatusCode);
        Assert.Equal(pointer, (string)JsonNode.Parse(await response.Content.ReadAsStringAsync())!["errors"]![0]!["pointer"]!);
    }

    [Fact]
    public async Task The_quota_of_an_unknown_key_is_not_found()
    {
        await using var host = await TestHost.StartAsync();

        using var response = await host.Client.PutAsJsonAsync(
            "/api/v1/api-keys/01KEZGRBG0E6GXPZ9N8PFK2V4D/ingest-quota", new { eventsPerMinute = 60 });

        Assert.Equal(404, (int)response.StatusCode);
    }

    private static async Task<(string Id, HttpClient Gateway)> KeyAsync(TestHost host, string quota)
    {
        var request = new JsonObject { ["name"] = "gateway", ["role"] = "gateway", ["ingestQuota"] = JsonNode.Parse(quota) };
        var key = await host.PostAsync("/api/v1/api-keys", request, 201);
        return ((string)key["id"]!, host.ClientWith((string)key["key"]!));
    }

    private static async Task<string> ShownAsync(TestHost host, string id) =>
        (await host.GetAsync("/api/v1/api-keys")).AsArray().Single(key => (string)key!["id"]! == id)!["ingestQuota"]?.ToJsonString() ?? "null";

    private static Task<HttpResponseMessage> SendAsync(HttpClient gateway, params string[] ids)
    {
        var events = new JsonArray([.. ids.Select(id => EventPosting.Event(id, "2026-01-14T10:00:00Z", null))]);
        return gateway.PostAsync("/api/v1/events", new StringContent(events.ToJsonString(), Encoding.UTF8, "application/json"));
    }
}
