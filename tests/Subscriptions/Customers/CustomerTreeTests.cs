using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Metering.Contracts.Sidecar;
using Metering.Subscriptions.Tests.Snapshots;
using Metering.Testing;
using Xunit;

namespace Metering.Subscriptions.Tests.Customers;

public sealed class CustomerTreeTests : IAsyncLifetime
{
    private TestHost host = null!;

    public async ValueTask InitializeAsync() => host = await TestHost.StartAsync("2026-01-15T09:00:00Z");

    public async ValueTask DisposeAsync() => await host.DisposeAsync();

    [Fact]
    public async Task Accounts_cost_centres_teams_applications_and_agents_stand_one_under_another()
    {
        await CompanyAsync();

        var all = (await host.GetAsync("/api/v1/customers/acme/children?depth=8"))["items"]!.AsArray();

        Assert.Equal(
            ["1 cost_centre research", "2 team search", "3 application crawler", "4 agent spider"],
            all.Select(node => $"{node!["depth"]} {node["level"]} {node["key"]}"));
        Assert.Equal(["research"], await KeysAsync("/api/v1/customers/acme/children"));
        Assert.Equal(["crawler", "search", "research", "acme"], await AboveAsync("spider"));
        Assert.Empty(await AboveAsync("acme"));
    }

    [Fact]
    public async Task A_move_is_in_force_from_its_instant_on_and_what_lay_before_stays()
    {
        await CompanyAsync();
        await NodeAsync("sales", "cost_centre");
        await PlaceAsync("sales", "acme");

        await PlaceAsync("search", "sales", "2026-02-01T00:00:00Z");

        Assert.Equal(["research", "acme"], await AboveAsync("search"));
        Assert.Equal(["research", "acme"], await AboveAsync("search", "2026-01-31T23:59:59.999999Z"));
        Assert.Equal(["sales", "acme"], await AboveAsync("search", "2026-02-01T00:00:00Z"));
        Assert.Equal(["search"], await KeysAsync("/api/v1/customers/sales/children?at=2026-02-01T00:00:00Z"));
        Assert.Empty(await KeysAsync("/api/v1/customers/research/children?at=2026-02-01T00:00:00Z"));
        await host.AdvanceToAsync("2026-02-02T00:00:00Z");
        Assert.Equal(["sales", "acme"], await AboveAsync("search"));
        Assert.Equal(["research", "acme"], await AboveAsync("search", "2026-01-20T00:00:00Z"));
    }

    [Fact]
    public async Task What_was_planned_is_replaced_by_what_is_planned_for_earlier()
    {
        await CompanyAsync();
        await NodeAsync("sales", "cost_centre");
        await PlaceAsync("search", "sales", "2026-03-01T00:00:00Z");

        await PlaceAsync("search", null, "2026-02-01T00:00:00Z");

        Assert.Empty(await AboveAsync("search", "2026-03-01T00:00:00Z"));
        var placements = (await host.GetAsync("/api/v1/customers/search/placements")).AsArray();
        Assert.Equal(
            ["2026-01-15T09:00:00Z..2026-02-01T00:00:00Z", "2026-02-01T00:00:00Z.."],
            placements.Select(one => $"{one!["effectiveFrom"]}..{one["effectiveTo"]}"));
        Assert.Null(placements[1]!["parentId"]);
    }

    [Fact]
    public async Task A_tree_never_has_a_circle_also_not_one_that_closes_later()
    {
        await NodeAsync("a", "team");
        await NodeAsync("b", "team");
        await NodeAsync("c", "team");
        await PlaceAsync("b", "a");
        await PlaceAsync("c", "b", "2026-03-01T00:00:00Z");

        Assert.Equal("circle", await RefusedAsync("a", "a"));
        Assert.Equal("circle", await RefusedAsync("a", "b"));
        Assert.Equal("circle", await RefusedAsync("a", "c"));
        Assert.Equal("circle", await RefusedAsync("a", "c", "2026-06-01T00:00:00Z"));
        await PlaceAsync("c", null, "2026-02-01T00:00:00Z");
        await PlaceAsync("a", "c", "2026-06-01T00:00:00Z");
        Assert.Equal(["a", "c"], await AboveAsync("b", "2026-06-01T00:00:00Z"));
    }

    [Fact]
    public async Task A_tree_is_bounded_in_depth_whichever_end_grows()
    {
        for (var i = 0; i <= 9; i++)
        {
            await NodeAsync($"n{i}", "team");
        }

        for (var i = 1; i <= 8; i++)
        {
            await PlaceAsync($"n{i}", $"n{i - 1}");
        }

        Assert.Equal("too_deep", await RefusedAsync("n9", "n8"));
        Assert.Equal("too_deep", await RefusedAsync("n0", "n9"));
    }

    [Theory]
    [InlineData("team", "agent", 409)]
    [InlineData("agent", "agent", 409)]
    [InlineData("account", "team", 409)]
    [InlineData("cost_centre", "application", 409)]
    [InlineData("agent", "account", 200)]
    [InlineData("team", "team", 200)]
    [InlineData("application", "application", 200)]
    public async Task A_level_stands_under_its_own_or_a_higher_one_and_nothing_under_an_agent(string level, string parent, int status)
    {
        await NodeAsync("child", level);
        await NodeAsync("parent", parent);

        var answer = await host.Client.PutAsJsonAsync("/api/v1/customers/child/parent", new JsonObject { ["parent"] = "parent" });

        Assert.Equal(status, (int)answer.StatusCode);
    }

    [Fact]
    public async Task Internal_and_external_customers_do_not_stand_in_one_tree()
    {
        await NodeAsync("team", "team");
        await Some.CustomerAsync(host, "buyer");

        Assert.Equal("other_kind", await RefusedAsync("team", "buyer"));
    }

    [Fact]
    public async Task Kind_and_level_stay_when_a_replacement_leaves_them_out_and_while_the_customer_is_placed()
    {
        await CompanyAsync();

        var kept = await PutAsync("search", """{"name":"Search","key":"search"}""");
        Assert.Equal("internal team", $"{kept["kind"]} {kept["level"]}");
        var problem = await PutAsync("search", """{"name":"Search","key":"search","level":"account"}""");
        Assert.Equal("/level placed", $"{problem["errors"]![0]!["pointer"]} {problem["errors"]![0]!["code"]}");
        await NodeAsync("alone", "team");
        Assert.Equal("agent", (string?)(await PutAsync("alone", """{"name":"Alone","key":"alone","level":"agent"}"""))["level"]);
    }

    [Fact]
    public async Task A_customer_with_others_below_it_cannot_be_deleted_and_one_without_leaves_the_tree()
    {
        await CompanyAsync();

        Assert.Equal(HttpStatusCode.Conflict, (await host.Client.DeleteAsync("/api/v1/customers/crawler")).StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, (await host.Client.DeleteAsync("/api/v1/customers/spider")).StatusCode);
        Assert.Empty(await KeysAsync("/api/v1/customers/crawler/children"));
        Assert.Equal(HttpStatusCode.NoContent, (await host.Client.DeleteAsync("/api/v1/customers/crawler")).StatusCode);
    }

    [Fact]
    public async Task Suspending_one_customer_stops_all_that_stands_below_it_and_resuming_lets_it_go_on()
    {
        await CompanyAsync();
        await using var sidecar = await FollowingSidecar.ConnectAsync(host);

        var suspended = await host.PostAsync("/api/v1/customers/search/suspend", Some.Json("""{"reason":"ran away"}"""), 200);
        Assert.Equal("suspended ran away", $"{suspended["status"]} {suspended["suspensionReason"]}");
        await sidecar.UntilAsync(one => one.Customer("spider")!.Status == CustomerStatus.Suspended);
        Assert.Equal(CustomerStatus.Suspended, sidecar.Customer("search")!.Status);
        Assert.Equal(CustomerStatus.Active, sidecar.Customer("research")!.Status);
        Assert.Equal("active", (string?)(await host.GetAsync("/api/v1/customers/spider"))["status"]);

        await host.PostAsync("/api/v1/customers/search/suspend", Some.Json("""{"reason":"again"}"""), 200);
        Assert.Equal("ran away", (string?)(await host.GetAsync("/api/v1/customers/search"))["suspensionReason"]);
        var resumed = await host.PostAsync("/api/v1/customers/search/resume", new JsonObject(), 200);
        Assert.Equal("active", (string?)resumed["status"]);
        Assert.Null(resumed["suspendedAt"]);
        await sidecar.UntilAsync(one => one.Customer("spider")!.Status == CustomerStatus.Active);
    }

    [Fact]
    public async Task A_suspended_customer_has_access_to_nothing_whoever_asks()
    {
        await CompanyAsync();
        await Some.FeatureAsync(host, "sso");
        await host.PostAsync("/api/v2/customers/spider/entitlements", Some.Json("""{"type":"boolean","featureKey":"sso"}"""), 201);
        Assert.All(await AnswersAsync(), Assert.True);

        await host.PostAsync("/api/v1/customers/research/suspend", new JsonObject(), 200);
        Assert.All(await AnswersAsync(), Assert.False);
        await host.PostAsync("/api/v1/customers/research/resume", new JsonObject(), 200);
        Assert.All(await AnswersAsync(), Assert.True);
    }

    private async Task<bool[]> AnswersAsync()
    {
        var id = (string)(await host.GetAsync("/api/v1/customers/spider"))["id"]!;
        var access = await host.GetAsync("/api/v1/customers/spider/access");
        var value = await host.GetAsync("/api/v1/customers/spider/entitlements/sso/value");
        var listed = await host.GetAsync($"/api/v3/openmeter/customers/{id}/entitlement-access");
        var asked = await host.PostAsync("/api/v3/openmeter/entitlement-access/query", Some.Json("""{"customer":{"keys":["spider"]}}"""), 200);
        return
        [
            (bool)access["entitlements"]!["sso"]!["hasAccess"]!, (bool)value["hasAccess"]!, (bool)listed["data"]![0]!["has_access"]!,
            (bool)asked["data"]![0]!["features"]!["sso"]!["has_access"]!,
        ];
    }

    [Fact]
    public async Task Whoever_moves_under_a_suspended_customer_stops_with_all_below_when_the_move_takes_effect()
    {
        await CompanyAsync();
        await NodeAsync("frozen", "cost_centre");
        await host.PostAsync("/api/v1/customers/frozen/suspend", new JsonObject(), 200);
        await PlaceAsync("search", "frozen", "2026-02-01T00:00:00Z");
        await using var sidecar = await FollowingSidecar.ConnectAsync(host);
        Assert.Equal(CustomerStatus.Active, sidecar.Customer("spider")!.Status);

        await host.AdvanceToAsync("2026-02-01T00:00:00Z");

        await sidecar.UntilAsync(one => one.Customer("spider")!.Status == CustomerStatus.Suspended);
        await PlaceAsync("search", "research");
        await sidecar.UntilAsync(one => one.Customer("spider")!.Status == CustomerStatus.Active);
    }

    private async Task CompanyAsync()
    {
        string? parent = null;
        foreach (var (key, level) in new[]
        {
            ("acme", "account"), ("research", "cost_centre"), ("search", "team"), ("crawler", "application"), ("spider", "agent"),
        })
        {
            await NodeAsync(key, level);
            if (parent is not null)
            {
                await PlaceAsync(key, parent);
            }

            parent = key;
        }
    }

    private Task<JsonNode> NodeAsync(string key, string level) => host.PostAsync(
        "/api/v1/customers", Some.Json($$"""{"name":"{{key}}","key":"{{key}}","kind":"internal","level":"{{level}}"}"""), 201);

    private async Task PlaceAsync(string key, string? parent, string? from = null) =>
        (await PlacingAsync(key, parent, from)).EnsureSuccessStatusCode();

    private async Task<string?> RefusedAsync(string key, string? parent, string? from = null)
    {
        var response = await PlacingAsync(key, parent, from);
        Assert.Equal(HttpStatusCode.Conflict, response.StatusCode);
        return (string?)(await response.Content.ReadFromJsonAsync<JsonNode>())!["errors"]![0]!["code"];
    }

    private Task<HttpResponseMessage> PlacingAsync(string key, string? parent, string? from)
    {
        var body = new JsonObject { ["parent"] = parent };
        if (from is not null)
        {
            body["effectiveFrom"] = from;
        }

        return host.Client.PutAsJsonAsync($"/api/v1/customers/{key}/parent", body);
    }

    private async Task<JsonNode> PutAsync(string key, string body) =>
        (await (await host.Client.PutAsJsonAsync($"/api/v1/customers/{key}", Some.Json(body))).Content.ReadFromJsonAsync<JsonNode>())!;

    private async Task<string[]> KeysAsync(string path) =>
        [.. (await host.GetAsync(path))["items"]!.AsArray().Select(node => (string)node!["key"]!)];

    private async Task<string[]> AboveAsync(string key, string? at = null)
    {
        var answer = await host.GetAsync($"/api/v1/customers/{key}/parent{(at is null ? "" : $"?at={at}")}");
        var ancestors = answer["ancestors"]!.AsArray();
        Assert.Equal((string?)ancestors.FirstOrDefault()?["id"], (string?)answer["parentId"]);
        return [.. ancestors.Select(node => (string)node!["key"]!)];
    }
}
