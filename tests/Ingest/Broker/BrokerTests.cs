using System.Text;
using System.Text.Json.Nodes;
using MassTransit;
using Metering.Contracts.Messages;
using Metering.Ingest.Broker;
using Metering.Platform.Messaging;
using Metering.Testing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Metering.Ingest.Tests.Broker;

public sealed class BrokerTests
{
    [Fact]
    public async Task Events_pass_the_broker_and_are_counted_once_however_often_they_are_delivered()
    {
        await using var host = await StartAsync();
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
    public async Task An_event_without_a_time_that_passes_the_broker_happens_when_it_was_received()
    {
        await using var host = await StartAsync();
        await host.MeterAsync("tokens");
        var timeless = EventPosting.Event("timeless", "", new JsonObject { ["tokens"] = 7 });
        timeless.Remove("time");

        var (status, _) = await host.SendEventsAsync(timeless.ToJsonString(), "application/cloudevents+json");
        await host.AdvanceToAsync("2026-01-15T09:00:01Z");

        Assert.Equal(204, status);
        Assert.Equal("2026-01-15T09:00:00Z 2026-01-15T10:00:00Z 7", await host.QueryAsync("tokens"));
    }

    [Fact]
    public async Task What_is_published_malformed_is_put_aside_and_the_rest_counts()
    {
        await using var host = await StartAsync();
        await host.MeterAsync("requests", "COUNT", value: null);
        var good = EventPosting.Event("1", "2026-01-14T10:00:00Z", null).ToJsonString();

        await PublishAsync(host, $$"""[{{good}}, {"id":"bad"}, 7]""");
        await PublishAsync(host, "this is no JSON");
        await host.UntilAsync(async () => (int)(await host.GetAsync("/api/v1/events/rejected"))["totalCount"]! == 3);
        await host.UntilAsync(async () => (await host.QueryAsync("requests")).EndsWith(" 1", StringComparison.Ordinal));

        var rejected = (await host.GetAsync("/api/v1/events/rejected"))["items"]!.AsArray();
        Assert.Contains(rejected, item => (string?)item!["id"] == "bad" && ((string)item["reason"]!).Contains("source", StringComparison.Ordinal));
        Assert.Contains(rejected, item => (string)item!["body"]! == "this is no JSON");
    }

    private static Task<TestHost> StartAsync()
    {
        var broker = Environment.GetEnvironmentVariable("METERING_TEST_RABBITMQ");
        Assert.SkipWhen(string.IsNullOrEmpty(broker), "METERING_TEST_RABBITMQ is not set: ./metering test starts a broker and sets it.");
        return TestHost.StartAsync(rabbitMq: broker);
    }

    private static Task PublishAsync(TestHost host, string body)
    {
        var message = new UsageEventsAccepted(Guid.CreateVersion7(), Encoding.UTF8.GetBytes(body), host.Now);
        return host.Services.GetRequiredService<IBus>()
            .SendAsync(UsageEventsConsumer.QueueName, message.BatchId, message, TestContext.Current.CancellationToken);
    }
}
