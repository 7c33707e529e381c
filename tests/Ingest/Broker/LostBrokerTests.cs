using System.Text.Json.Nodes;
using Metering.Testing;
using Xunit;

namespace Metering.Ingest.Tests.Broker;

public sealed class LostBrokerTests
{
    [Fact]
    public async Task While_the_broker_is_gone_events_are_refused_as_not_confirmed_and_count_once_when_they_are_sent_again()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        await using var broker = await PrivateBroker.StartAsync(cancellationToken);
        await using var host = await TestHost.StartAsync(rabbitMq: broker.Url);
        await host.MeterAsync("tokens");
        string One(int i) => EventPosting.Event($"{i}", "2026-01-14T10:00:00Z", new JsonObject { ["tokens"] = 1 }).ToJsonString();
        await host.UntilAsync(async () => await ReadyAsync(host) == (200, "ready"));
        Assert.Equal(204, (await host.SendEventsAsync(One(0), "application/json")).Status);

        await broker.KillAsync(cancellationToken);
        await host.UntilAsync(async () => await ReadyAsync(host) == (503, "not ready: the broker does not answer"));
        var refused = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => host.SendEventsAsync(One(i), "application/json")));

        Assert.All(refused, answer => Assert.Equal(503, answer.Status));
        Assert.All(refused, answer => Assert.Equal("urn:metering:problem:not-available", (string)JsonNode.Parse(answer.Body)!["type"]!));
        Assert.All(refused, answer => Assert.Contains("did not confirm", (string)JsonNode.Parse(answer.Body)!["detail"]!, StringComparison.Ordinal));

        await broker.StartAgainAsync(cancellationToken);
        await host.UntilAsync(async () => await ReadyAsync(host) == (200, "ready"));
        var accepted = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => host.SendEventsAsync(One(i), "application/json")));
        await host.AdvanceToAsync("2026-01-15T09:00:01Z");

        Assert.All(accepted, answer => Assert.Equal(204, answer.Status));
        Assert.EndsWith(" 20", await host.QueryAsync("tokens"), StringComparison.Ordinal);
    }

    private static async Task<(int Status, string Text)> ReadyAsync(TestHost host)
    {
        using var response = await host.Client.GetAsync("/health/ready");
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync());
    }
}
