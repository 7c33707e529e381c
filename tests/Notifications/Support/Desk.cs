using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Metering.Testing;

namespace Metering.Notifications.Tests.Support;

/// <summary>A Host with a meter, a feature, a customer who may use 100 units a month, and a receiver that is told.</summary>
internal sealed class Desk : IAsyncDisposable
{
    private int events;

    private Desk(TestHost host, Receiver receiver)
    {
        Host = host;
        Receiver = receiver;
    }

    public TestHost Host { get; }

    public Receiver Receiver { get; }

    public static async Task<Desk> OpenAsync(bool allowPrivate = true)
    {
        var desk = new Desk(await TestHost.StartAsync("2026-01-15T09:00:00Z", allowPrivateWebhooks: allowPrivate), await Receiver.StartAsync());
        var host = desk.Host;
        await host.PostAsync("/api/v1/meters", Json("""{"slug":"calls","aggregation":"COUNT","eventType":"call"}"""), 201);
        await host.PostAsync("/api/v1/features", Json("""{"key":"calls","name":"Calls","meterSlug":"calls"}"""), 201);
        await host.PostAsync(
            "/api/v1/customers", Json("""{"name":"Acme","key":"acme","usageAttribution":{"subjectKeys":["acme-app"]}}"""), 201);
        return desk;
    }

    public static JsonObject Json(string text) => JsonNode.Parse(text)!.AsObject();

    /// <summary>100 calls a month.</summary>
    public Task<JsonNode> EntitleAsync(int amount = 100) => Host.PostAsync(
        "/api/v2/customers/acme/entitlements",
        Json($$$"""
            {"type":"metered","featureKey":"calls","isSoftLimit":true,"usagePeriod":{"interval":"MONTH"},"issue":{"amount":{{{amount}}}}}
            """), 201);

    public Task<JsonNode> ChannelAsync(string more = "") => Host.PostAsync(
        "/api/v1/notification/channels", Json($$"""{"type":"WEBHOOK","name":"Ops","url":"{{Receiver.Url}}"{{more}}}"""), 201);

    public async Task<JsonNode> RuleAsync(string type, string more = "", params JsonNode[] channels)
    {
        var ids = channels.Length > 0 ? channels : [await ChannelAsync()];
        var list = string.Join(',', ids.Select(channel => $"\"{channel["id"]}\""));
        return await Host.PostAsync(
            "/api/v1/notification/rules", Json($$"""{"type":"{{type}}","name":"Rule","channels":[{{list}}]{{more}}}"""), 201);
    }

    public async Task UseAsync(int count)
    {
        var at = Host.Now.ToString("uuuu-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        var batch = new JsonArray([.. Enumerable.Range(0, count).Select(_ => (JsonNode)new JsonObject
        {
            ["specversion"] = "1.0", ["id"] = $"e{++events}", ["source"] = "test", ["type"] = "call", ["subject"] = "acme-app", ["time"] = at,
        })]);
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(batch.ToJsonString()));
        content.Headers.ContentType = MediaTypeHeaderValue.Parse("application/cloudevents-batch+json");
        using var response = await Host.Client.PostAsync("/api/v1/events", content);
        response.EnsureSuccessStatusCode();
        await SettleAsync();
    }

    /// <summary>Moving the clock to where it stands lets everything happen that is due.</summary>
    public Task SettleAsync() => Host.AdvanceToAsync(NodaTime.Text.InstantPattern.ExtendedIso.Format(Host.Now));

    /// <summary>Oldest first.</summary>
    public async Task<JsonArray> EventsAsync(string query = "") =>
        (await Host.GetAsync($"/api/v1/notification/events?orderBy=createdAt{query}"))["items"]!.AsArray();

    public async ValueTask DisposeAsync()
    {
        await Host.DisposeAsync();
        await Receiver.DisposeAsync();
    }
}
