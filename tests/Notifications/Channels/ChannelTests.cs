using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Metering.Notifications.Tests.Support;
using Metering.Platform.Database;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Metering.Notifications.Tests.Channels;

public sealed class ChannelTests
{
    [Fact]
    public async Task A_signing_secret_is_answered_when_it_is_made_and_never_again()
    {
        await using var desk = await Desk.OpenAsync();
        var channel = await desk.ChannelAsync(""","customHeaders":{"X-Key":"very-secret-value"}""");
        var secret = (string)channel["signingSecret"]!;
        Assert.StartsWith("whsec_", secret, StringComparison.Ordinal);

        var shown = await desk.Host.GetAsync($"/api/v1/notification/channels/{channel["id"]}");
        var listed = await desk.Host.GetAsync("/api/v1/notification/channels");
        var audit = await desk.Host.GetAsync("/api/v1/audit");

        Assert.Null(shown["signingSecret"]);
        Assert.Equal("very-secret-value", (string?)shown["customHeaders"]!["X-Key"]);
        Assert.DoesNotContain(secret, listed.ToJsonString(), StringComparison.Ordinal);
        Assert.DoesNotContain(secret, audit.ToJsonString(), StringComparison.Ordinal);
        Assert.DoesNotContain("very-secret-value", audit.ToJsonString(), StringComparison.Ordinal);
        Assert.DoesNotContain("very-secret", await EverythingStoredAsync(desk), StringComparison.Ordinal);
        Assert.DoesNotContain(secret, await EverythingStoredAsync(desk), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_replacement_without_a_secret_keeps_it_and_one_with_a_secret_sets_it()
    {
        await using var desk = await Desk.OpenAsync();
        var channel = await desk.ChannelAsync();
        var path = $"/api/v1/notification/channels/{channel["id"]}";
        var kept = await PutAsync(desk, path, $$"""{"type":"WEBHOOK","name":"Renamed","url":"{{desk.Receiver.Url}}"}""");
        Assert.Equal("Renamed", (string?)kept["name"]);
        Assert.Null(kept["signingSecret"]);
        await DeliveredAsync(desk, channel, (string)channel["signingSecret"]!);

        const string own = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        var set = await PutAsync(desk, path, $$"""{"type":"WEBHOOK","name":"Renamed","url":"{{desk.Receiver.Url}}","signingSecret":"{{own}}"}""");

        Assert.Equal(own, (string?)set["signingSecret"]);
        await DeliveredAsync(desk, channel, own);
    }

    [Fact]
    public async Task A_channel_changed_meanwhile_is_not_overwritten()
    {
        await using var desk = await Desk.OpenAsync();
        var channel = await desk.ChannelAsync();
        var path = $"/api/v1/notification/channels/{channel["id"]}";
        var read = await desk.Host.Client.GetAsync(path);
        await PutAsync(desk, path, $$"""{"type":"WEBHOOK","name":"First","url":"{{desk.Receiver.Url}}"}""");

        using var request = new HttpRequestMessage(HttpMethod.Delete, path);
        request.Headers.IfMatch.Add(read.Headers.ETag!);

        Assert.Equal(HttpStatusCode.PreconditionFailed, (await desk.Host.Client.SendAsync(request)).StatusCode);
    }

    [Fact]
    public async Task Lists_leave_out_what_is_deleted_or_disabled_unless_asked()
    {
        await using var desk = await Desk.OpenAsync();
        await desk.ChannelAsync();
        await desk.ChannelAsync(""","disabled":true""");
        var gone = await desk.ChannelAsync();
        await desk.Host.Client.DeleteAsync($"/api/v1/notification/channels/{gone["id"]}");

        foreach (var (query, count) in new[]
        {
            ("", 1), ("?includeDisabled=true", 2), ("?includeDeleted=true", 2), ("?order=DESC&orderBy=createdAt", 1),
        })
        {
            Assert.Equal(count, (int)(await desk.Host.GetAsync("/api/v1/notification/channels" + query))["totalCount"]!);
        }

        await desk.Host.GetAsync($"/api/v1/notification/channels/{ChannelOfNobody}", 404);
    }

    private const string ChannelOfNobody = "01HZZZZZZZZZZZZZZZZZZZZZZZ";

    private static async Task DeliveredAsync(Desk desk, JsonNode channel, string secret)
    {
        var rule = await desk.RuleAsync("invoice.created", "", channel);
        await desk.Host.PostAsync($"/api/v1/notification/rules/{rule["id"]}/test", new JsonObject(), 201);
        await desk.SettleAsync();
        Assert.True(desk.Receiver.Requests[^1].IsSignedWith(secret));
    }

    private static async Task<JsonNode> PutAsync(Desk desk, string path, string body)
    {
        var response = await desk.Host.Client.PutAsJsonAsync(path, Desk.Json(body));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return (await response.Content.ReadFromJsonAsync<JsonNode>())!;
    }

    private static async Task<string> EverythingStoredAsync(Desk desk)
    {
        await using var session = await desk.Host.Services.GetRequiredService<MeteringDatabase>().OpenAsync(CancellationToken.None);
        return string.Concat(await session.QueryAsync<string>(
            "select c::text || encode(c.sealed, 'escape') from notifications.channel c", null, CancellationToken.None));
    }
}
