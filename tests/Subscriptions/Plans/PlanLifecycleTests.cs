using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Metering.Testing;
using Xunit;

namespace Metering.Subscriptions.Tests.Plans;

public sealed class PlanLifecycleTests
{
    [Fact]
    public async Task Publishing_a_version_archives_the_one_before_it()
    {
        await using var host = await TestHost.StartAsync("2026-01-15T09:00:00Z");
        var first = await Some.PublishedAsync(host, Some.Plan("pro", Some.FlatFee("49")));
        var draft = await host.PostAsync("/api/v1/plans", Some.Plan("pro", Some.FlatFee("59")), 201);
        Assert.Equal((2, "draft"), ((int)draft["version"]!, (string)draft["status"]!));
        Assert.Equal(1, (int)(await host.GetAsync("/api/v1/plans/pro"))["version"]!);

        var second = await host.PostAsync("/api/v1/plans/pro/publish", new JsonObject(), 200);

        Assert.Equal(("active", "2026-01-15T09:00:00Z"), ((string)second["status"]!, (string)second["effectiveFrom"]!));
        Assert.Equal("archived", (string?)(await host.GetAsync($"/api/v1/plans/{first["id"]}"))["status"]);
        Assert.Equal(2, (int)(await host.GetAsync("/api/v1/plans/pro"))["version"]!);
        Assert.Equal(1, (int)(await host.GetAsync("/api/v1/plans?key=pro&status=active"))["totalCount"]!);
        Assert.Equal(2, (int)(await host.GetAsync("/api/v1/plans?key=pro"))["totalCount"]!);
    }

    [Fact]
    public async Task Only_a_draft_can_be_changed_or_deleted_and_a_key_has_one()
    {
        await using var host = await TestHost.StartAsync();
        var draft = await host.PostAsync("/api/v1/plans", Some.Plan("pro"), 201);
        await host.PostAsync("/api/v1/plans", Some.Plan("pro"), 409);
        var change = Some.Plan("pro", Some.FlatFee("10"));
        Assert.Equal(HttpStatusCode.OK, (await host.Client.PutAsJsonAsync("/api/v1/plans/pro", change)).StatusCode);
        Assert.Equal("10", (string?)(await host.GetAsync("/api/v1/plans/pro"))["phases"]![0]!["rateCards"]![0]!["price"]!["amount"]);

        await host.PostAsync($"/api/v1/plans/{draft["id"]}/publish", new JsonObject(), 200);

        await host.PostAsync($"/api/v1/plans/{draft["id"]}/publish", new JsonObject(), 409);
        Assert.Equal(HttpStatusCode.Conflict, (await host.Client.PutAsJsonAsync($"/api/v1/plans/{draft["id"]}", change)).StatusCode);
        Assert.Equal(HttpStatusCode.Conflict, (await host.Client.DeleteAsync("/api/v1/plans/pro")).StatusCode);
        await host.PostAsync("/api/v1/plans", Some.Plan("pro"), 201);
        Assert.Equal(HttpStatusCode.NoContent, (await host.Client.DeleteAsync("/api/v1/plans/pro")).StatusCode);
        Assert.Equal(1, (int)(await host.GetAsync("/api/v1/plans/pro"))["version"]!);
    }

    [Fact]
    public async Task An_archived_plan_cannot_be_subscribed_to()
    {
        await using var host = await TestHost.StartAsync();
        await Some.CustomerAsync(host, "acme");
        await Some.PublishedAsync(host, Some.Plan("pro"));
        Assert.Equal("archived", (string?)(await host.PostAsync("/api/v1/plans/pro/archive", new JsonObject(), 200))["status"]);

        await host.PostAsync("/api/v1/subscriptions", Some.Json("""{"plan":{"key":"pro"},"customerKey":"acme"}"""), 409);
        await host.PostAsync("/api/v1/plans/pro/archive", new JsonObject(), 409);
    }

    [Fact]
    public async Task A_feature_archived_since_the_draft_was_written_stops_its_publication()
    {
        await using var host = await TestHost.StartAsync();
        await Some.FeatureAsync(host, "search");
        await host.PostAsync("/api/v1/plans", Some.Plan("pro", Some.Entitled("search", """{"type":"boolean"}""")), 201);
        Assert.Equal(HttpStatusCode.NoContent, (await host.Client.DeleteAsync("/api/v1/features/search")).StatusCode);

        var problem = await host.PostAsync("/api/v1/plans/pro/publish", new JsonObject(), 400);

        Assert.Equal("/phases/0/rateCards/0/featureKey", (string?)problem["errors"]![0]!["pointer"]);
        await Some.FeatureAsync(host, "search");
        await host.PostAsync("/api/v1/plans/pro/publish", new JsonObject(), 200);
    }

    [Fact]
    public async Task A_plan_comes_back_as_it_was_written()
    {
        await using var host = await Shop.OpenAsync();
        foreach (var name in new[] { "free", "pro", "enterprise" })
        {
            var written = Shop.Sample(name);
            var shown = await host.GetAsync($"/api/v1/plans/{name}");
            foreach (var (field, value) in written.AsObject())
            {
                Assert.True(JsonNode.DeepEquals(Normal(value), Normal(shown[field])), $"{name}/{field}: {shown[field]?.ToJsonString()}");
            }
        }
    }

    [Fact]
    public async Task Several_faults_are_told_at_once()
    {
        await using var host = await TestHost.StartAsync();
        var plan = Some.Plan("Pro!", Some.FlatFee("-1"));
        plan["currency"] = "usd";

        var problem = await host.PostAsync("/api/v1/plans", plan, 400);

        Assert.Equal(
            ["/key", "/currency", "/phases/0/rateCards/0/price/amount"], problem["errors"]!.AsArray().Select(error => (string?)error!["pointer"]));
    }

    /// <summary>Amounts are written without trailing zeros.</summary>
    private static JsonNode? Normal(JsonNode? node) => node is null ? null
        : JsonNode.Parse(Regex.Replace(node.ToJsonString(), @"""(\d+\.\d*?)0+""", match => $"\"{match.Groups[1].Value.TrimEnd('.')}\""));
}
