using System.Text.Json.Nodes;
using Metering.Testing;
using Xunit;

namespace Metering.Ingest.Tests.Broker;

public sealed class BrokerTests
{
    [Fact]
    public async Task Events_pass_the_broker_and_are_counted_once_however_often_they_are_sent()
    {
        await using var host = await BrokerHost.StartAsync();
        await host.MeterAsync("tokens");
        string Body(int from) => new JsonArray([.. Enumerable.Range(from, 500).Select(i => EventPosting.Event(
            $"{i}", "2026-01-14T10:00:00Z", new JsonObject { ["tokens"] = 1 }))]).ToJsonString();

        var statuses = await Task.WhenAll(Enumerable.Range(0, 20).Select(async i =>
            (await host.SendEventsAsync(Body(i % 10 * 500), "application/cloudevents-batch+json")).Status));
        await host.AdvanceToAsync("2026-01-15T09:00:01Z");

        Assert.All(statuses, status => Assert.Equal(204, status));
        Assert.EndsWith(" 5000", await host.QueryAsync("tokens"), StringComparison.Ordinal);
        Assert.Equal("ready", await host.Client.GetStringAsync("/health/ready"));
    }

    [Fact]
    public async Task Events_posted_one_by_one_at_the_same_time_share_messages_and_all_of_them_count()
    {
        await using var host = await BrokerHost.StartAsync();
        await host.MeterAsync("tokens");
        string One(int i)
        {
            var text = EventPosting.Event($"{i}", "2026-01-14T10:00:00Z", new JsonObject { ["tokens"] = 1 }).ToJsonString();

            // In every form that a request may have.
            return (i % 3) switch { 0 => text, 1 => $" [ {text} ]\n", _ => $"\t{text}" };
        }

        var statuses = await Task.WhenAll(Enumerable.Range(0, 300).Select(async i =>
            (await host.SendEventsAsync(One(i), "application/json")).Status));
        await host.AdvanceToAsync("2026-01-15T09:00:01Z");

        Assert.All(statuses, status => Assert.Equal(204, status));
        Assert.EndsWith(" 300", await host.QueryAsync("tokens"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_malformed_event_is_refused_before_it_reaches_the_broker()
    {
        await using var host = await BrokerHost.StartAsync();
        var good = EventPosting.Event("1", "2026-01-14T10:00:00Z", null).ToJsonString();

        var (status, body) = await host.SendEventsAsync($$"""[{{good}}, {"id":"bad"}]""", "application/json");

        Assert.Equal(400, status);
        Assert.Equal("/1/source", (string)JsonNode.Parse(body)!["errors"]![0]!["pointer"]!);
        Assert.Equal(0, (int)(await host.GetAsync("/api/v1/events/rejected"))["totalCount"]!);
    }

    [Fact]
    public async Task An_event_without_a_time_that_passes_the_broker_happens_when_it_was_received()
    {
        await using var host = await BrokerHost.StartAsync();
        await host.MeterAsync("tokens");
        var timeless = EventPosting.Event("timeless", "", new JsonObject { ["tokens"] = 7 });
        timeless.Remove("time");

        var (status, _) = await host.SendEventsAsync(timeless.ToJsonString(), "application/cloudevents+json");
        await host.AdvanceToAsync("2026-01-15T09:00:01Z");

        Assert.Equal(204, status);
        Assert.Equal("2026-01-15T09:00:00Z 2026-01-15T10:00:00Z 7", await host.QueryAsync("tokens"));
    }
}
