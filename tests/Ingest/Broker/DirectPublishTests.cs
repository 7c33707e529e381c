using System.Text;
using System.Text.Json.Nodes;
using Metering.Testing;
using RabbitMQ.Client;
using Xunit;

namespace Metering.Ingest.Tests.Broker;

/// <summary>Gateways that publish straight to the exchange, well or badly.</summary>
public sealed class DirectPublishTests
{
    [Fact]
    public async Task Single_events_and_arrays_published_to_the_exchange_are_counted()
    {
        await using var host = await BrokerHost.StartAsync();
        await host.MeterAsync("tokens");

        await PublishAsync(host, Event("single"), "application/cloudevents+json; charset=utf-8");
        await PublishAsync(host, $"[{Event("batch-1")},{Event("batch-2")}]", "application/cloudevents-batch+json");
        await PublishAsync(host, Event("json"), "application/json");
        await PublishAsync(host, $"[{Event("json-array")}]", "APPLICATION/JSON");
        await PublishAsync(host, Event("untyped"), null);

        await host.UntilAsync(async () => (await host.QueryAsync("tokens")).EndsWith(" 6", StringComparison.Ordinal));
        Assert.Equal(0, (int)(await host.GetAsync("/api/v1/events/rejected"))["totalCount"]!);
    }

    [Fact]
    public async Task The_same_message_published_again_counts_once()
    {
        await using var host = await BrokerHost.StartAsync();
        await host.MeterAsync("tokens");
        var timeless = """{"specversion":"1.0","id":"1","source":"gateway","type":"prompt","subject":"acme","data":{"tokens":5}}""";

        for (var i = 0; i < 5; i++)
        {
            await PublishAsync(host, timeless, "application/cloudevents+json");
        }

        await host.UntilAsync(async () => await host.Broker.WaitingAsync() == 0);
        await PublishAsync(host, Event("last"), "application/cloudevents+json");
        await host.UntilAsync(async () => (await host.GetAsync("/api/v1/events?id=last")).AsArray().Count == 1);

        Assert.EndsWith(" 6", await host.QueryAsync("tokens"), StringComparison.Ordinal);
        Assert.Equal(0, (int)(await host.GetAsync("/api/v1/events/conflicts"))["totalCount"]!);
    }

    [Fact]
    public async Task What_is_published_malformed_is_put_aside_with_its_reason_and_the_rest_counts()
    {
        await using var host = await BrokerHost.StartAsync();
        await host.MeterAsync("tokens");

        await PublishAsync(host, $$"""[{{Event("good")}}, {"id":"bad"}, 7]""", "application/json");
        await PublishAsync(host, "this is no JSON", "application/json");
        await PublishAsync(host, "<event/>", "application/xml");
        await PublishAsync(host, $"[{Event("an-array")}]", "application/cloudevents+json");
        await host.Broker.PublishAsync(new byte[] { 0xff, 0xfe }, new BasicProperties { ContentType = "application/json" });
        await host.Broker.PublishAsync(
            Encoding.UTF8.GetBytes(Event("zipped")), new BasicProperties { ContentType = "application/json", ContentEncoding = "gzip" });

        await host.UntilAsync(async () => (int)(await host.GetAsync("/api/v1/events/rejected"))["totalCount"]! == 7);
        await host.UntilAsync(async () => (await host.QueryAsync("tokens")).EndsWith(" 1", StringComparison.Ordinal));
        var rejected = (await host.GetAsync("/api/v1/events/rejected"))["items"]!.AsArray();
        string ReasonOf(string body) =>
            (string)rejected.Single(item => ((string)item!["body"]!).Contains(body, StringComparison.Ordinal))!["reason"]!;
        Assert.Contains("/1/source", ReasonOf("\"bad\""), StringComparison.Ordinal);
        var seven = rejected.Single(item => (string)item!["body"]! == "7")!;
        Assert.Contains("An event is an object", (string)seven["reason"]!, StringComparison.Ordinal);
        Assert.Contains("JSON is broken", ReasonOf("this is no JSON"), StringComparison.Ordinal);
        Assert.Contains("application/xml", ReasonOf("<event/>"), StringComparison.Ordinal);
        Assert.Contains("Send an event object", ReasonOf("an-array"), StringComparison.Ordinal);
        Assert.Contains("gzip", ReasonOf("zipped"), StringComparison.Ordinal);
        Assert.Contains(rejected, item => ((string)item!["reason"]!).Contains("not UTF-8", StringComparison.Ordinal));
        Assert.Equal(0u, await host.Broker.WaitingAsync());
    }

    [Fact]
    public async Task A_message_that_is_too_large_is_put_aside_by_its_beginning_and_holds_nothing_up()
    {
        await using var host = await BrokerHost.StartAsync();
        await host.MeterAsync("tokens");
        var large = $"[{Event("large")}{new string(' ', 5 << 20)}]";

        await PublishAsync(host, large, "application/json");
        await PublishAsync(host, Event("next"), "application/json");

        await host.UntilAsync(async () => (await host.QueryAsync("tokens")).EndsWith(" 1", StringComparison.Ordinal));
        await host.UntilAsync(async () => (int)(await host.GetAsync("/api/v1/events/rejected"))["totalCount"]! == 1);
        var item = (await host.GetAsync("/api/v1/events/rejected"))["items"]![0]!;
        Assert.Contains($"{large.Length} bytes", (string)item["reason"]!, StringComparison.Ordinal);
        Assert.StartsWith($"[{Event("large")}", (string)item["body"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_event_without_a_time_happens_at_the_time_of_its_message_and_otherwise_when_it_arrives()
    {
        await using var host = await BrokerHost.StartAsync();
        await host.MeterAsync("tokens", "COUNT", value: null);
        string Timeless(string id) => $$"""{"specversion":"1.0","id":"{{id}}","source":"gateway","type":"prompt","subject":"acme"}""";
        BasicProperties Json() => new() { ContentType = "application/json" };

        var stamped = Json();
        stamped.Timestamp = new AmqpTimestamp(host.Now.ToUnixTimeSeconds() - 7200);
        var exact = Json();
        exact.Headers = new Dictionary<string, object?> { ["metering-received-at"] = "2026-01-14T23:59:59.999999Z" };
        var mistaken = Json();
        mistaken.Headers = new Dictionary<string, object?> { ["metering-received-at"] = "yesterday" };
        await host.Broker.PublishAsync(Encoding.UTF8.GetBytes(Timeless("stamped")), stamped);
        await host.Broker.PublishAsync(Encoding.UTF8.GetBytes(Timeless("exact")), exact);
        await host.Broker.PublishAsync(Encoding.UTF8.GetBytes(Timeless("mistaken")), mistaken);

        await host.UntilAsync(async () => (await host.QueryAsync("tokens", "windowSize=HOUR")).Split('\n').Length == 3);
        Assert.Equal(
            """
            2026-01-14T23:00:00Z 2026-01-15T00:00:00Z 1
            2026-01-15T07:00:00Z 2026-01-15T08:00:00Z 1
            2026-01-15T09:00:00Z 2026-01-15T10:00:00Z 1
            """,
            await host.QueryAsync("tokens", "windowSize=HOUR"));
    }

    [Fact]
    public async Task A_deleted_queue_is_made_again()
    {
        await using var host = await BrokerHost.StartAsync();
        await host.MeterAsync("tokens");
        await host.UntilAsync(async () => await host.Client.GetStringAsync("/health/ready") == "ready");

        await host.Broker.DeleteUsageQueueAsync();
        await host.UntilAsync(async () => (await host.SendEventsAsync(Event("1"), "application/json")).Status == 204);

        await host.UntilAsync(async () => (await host.QueryAsync("tokens")).EndsWith(" 1", StringComparison.Ordinal));
    }

    private static string Event(string id) =>
        EventPosting.Event(id, "2026-01-14T10:00:00Z", new JsonObject { ["tokens"] = 1 }).ToJsonString();

    private static Task PublishAsync(TestHost host, string body, string? contentType)
    {
        var properties = new BasicProperties { DeliveryMode = DeliveryModes.Persistent };
        if (contentType is not null)
        {
            properties.ContentType = contentType;
        }

        return host.Broker.PublishAsync(Encoding.UTF8.GetBytes(body), properties);
    }
}
