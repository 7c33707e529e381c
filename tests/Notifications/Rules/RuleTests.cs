using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Metering.Notifications.Tests.Support;
using Xunit;

namespace Metering.Notifications.Tests.Rules;

public sealed class RuleTests
{
    [Fact]
    public async Task A_rule_shows_its_channels_thresholds_and_features_as_they_are_named()
    {
        await using var desk = await Desk.OpenAsync();
        var channel = await desk.ChannelAsync();
        var rule = await desk.RuleAsync(
            "entitlements.balance.threshold", ""","features":["calls"],"thresholds":[{"type":"PERCENT","value":99.5}]""", channel);

        var shown = await desk.Host.GetAsync($"/api/v1/notification/rules/{rule["id"]}");

        Assert.Equal(rule.ToJsonString(), shown.ToJsonString());
        Assert.Equal((string?)channel["id"], (string?)shown["channels"]![0]!["id"]);
        Assert.Equal("calls", (string?)shown["features"]![0]!["key"]);
        Assert.Equal("""[{"value":99.5,"type":"PERCENT"}]""", shown["thresholds"]!.ToJsonString());
    }

    [Fact]
    public async Task A_replaced_rule_goes_to_its_new_channels_only()
    {
        await using var desk = await Desk.OpenAsync();
        var (first, second) = (await desk.ChannelAsync(), await desk.ChannelAsync());
        var rule = await desk.RuleAsync("invoice.created", "", first);
        var body = Desk.Json($$"""{"type":"invoice.created","name":"Other","channels":["{{second["id"]}}"]}""");

        var answer = await desk.Host.Client.PutAsJsonAsync($"/api/v1/notification/rules/{rule["id"]}", body);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        await desk.Host.PostAsync($"/api/v1/notification/rules/{rule["id"]}/test", new JsonObject(), 201);

        var channel = Assert.Single((await desk.EventsAsync())[0]!["deliveryStatus"]!.AsArray())!["channel"]!;
        Assert.Equal((string?)second["id"], (string?)channel["id"]);
    }

    [Fact]
    public async Task Rules_are_found_by_feature_and_channel()
    {
        await using var desk = await Desk.OpenAsync();
        var (first, second) = (await desk.ChannelAsync(), await desk.ChannelAsync());
        await desk.RuleAsync("entitlements.reset", ""","features":["calls"]""", first);
        await desk.RuleAsync("invoice.updated", "", second);
        await desk.RuleAsync("invoice.created", ""","disabled":true""", second);

        foreach (var (query, count) in new[]
        {
            ("", 2), ("?includeDisabled=true", 3), ("?feature=calls", 1), ("?feature=nothing", 0), ($"?channel={second["id"]}", 1),
            ($"?channel={first["id"]}&channel={second["id"]}", 2), ("?orderBy=type&order=DESC", 2),
        })
        {
            Assert.True(count == (int)(await desk.Host.GetAsync("/api/v1/notification/rules" + query))["totalCount"]!, query);
        }
    }

    [Fact]
    public async Task A_deleted_rule_makes_no_event_and_stays_readable()
    {
        await using var desk = await Desk.OpenAsync();
        var rule = await desk.RuleAsync("invoice.created");

        Assert.Equal(HttpStatusCode.NoContent, (await desk.Host.Client.DeleteAsync($"/api/v1/notification/rules/{rule["id"]}")).StatusCode);

        Assert.NotNull((await desk.Host.GetAsync($"/api/v1/notification/rules/{rule["id"]}"))["deletedAt"]);
        await desk.Host.PostAsync($"/api/v1/notification/rules/{rule["id"]}/test", new JsonObject(), 404);
    }

    [Theory]
    [InlineData("entitlements.balance.threshold", ""","thresholds":[{"type":"usage_value","value":5}]""")]
    [InlineData("entitlements.reset", "")]
    [InlineData("invoice.created", "")]
    [InlineData("invoice.updated", "")]
    public async Task Every_type_of_rule_can_be_tried_out(string type, string more)
    {
        await using var desk = await Desk.OpenAsync();
        var rule = await desk.RuleAsync(type, more);

        var made = await desk.Host.PostAsync($"/api/v1/notification/rules/{rule["id"]}/test", new JsonObject(), 201);
        await desk.SettleAsync();

        Assert.Equal((type, type), ((string?)made["type"], (string?)made["payload"]!["type"]));
        Assert.Single(desk.Receiver.Requests);
        Assert.Equal(more.Length > 0, made["payload"]!["data"]!["threshold"] is not null);
    }
}
