using System.Net;
using System.Text.Json.Nodes;
using Metering.Notifications.Tests.Support;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace Metering.Notifications.Tests.Delivering;

public sealed class DeliveryTests
{
    [Fact]
    public async Task An_event_arrives_signed_with_the_channels_secret_and_headers()
    {
        await using var desk = await Desk.OpenAsync();
        var channel = await desk.ChannelAsync(""","customHeaders":{"X-Team":"ops","Authorization":"Bearer t"}""");
        var rule = await desk.RuleAsync("invoice.created", "", channel);

        var made = await desk.Host.PostAsync($"/api/v1/notification/rules/{rule["id"]}/test", new JsonObject(), 201);
        await desk.SettleAsync();

        var request = Assert.Single(desk.Receiver.Requests);
        Assert.Equal("/hook", request.Path);
        Assert.True(request.IsSignedWith((string)channel["signingSecret"]!));
        Assert.Equal((string?)made["id"], request.Headers["webhook-id"]);
        Assert.Equal(
            ["ops", "Bearer t", "application/json"], new[] { "X-Team", "Authorization", "Content-Type" }.Select(name => request.Headers[name]));
        Assert.Equal(made["payload"]!.ToJsonString(), request.Json.ToJsonString());
        Assert.Equal(("invoice.created", "2026-01-15T09:00:00Z"), ((string?)request.Json["type"], (string?)request.Json["timestamp"]));
        var status = (await desk.EventsAsync())[0]!["deliveryStatus"]![0]!;
        Assert.Equal(("SUCCESS", (string?)channel["id"]), ((string?)status["state"], (string?)status["channel"]!["id"]));
        var response = status["attempts"]![0]!["response"]!;
        Assert.Equal((200, "thanks", desk.Receiver.Url), ((int)response["statusCode"]!, (string?)response["body"], (string?)response["url"]));
    }

    [Fact]
    public async Task A_failed_delivery_is_tried_again_under_the_same_id_until_it_is_taken()
    {
        await using var desk = await Desk.OpenAsync();
        desk.Receiver.AnswerWith(HttpStatusCode.InternalServerError);
        await TestEventAsync(desk);
        await desk.SettleAsync();
        var pending = (await desk.EventsAsync())[0]!["deliveryStatus"]![0]!;
        Assert.Equal(("PENDING", "the receiver answered 500"), ((string?)pending["state"], (string?)pending["reason"]));
        Assert.StartsWith("2026-01-15T09:00:05", (string?)pending["nextAttempt"], StringComparison.Ordinal);

        await desk.Host.AdvanceToAsync("2026-01-15T09:01:00Z");
        desk.Receiver.AnswerWith(HttpStatusCode.NoContent);
        await desk.Host.AdvanceToAsync("2026-01-15T09:10:00Z");

        Assert.Equal(3, desk.Receiver.Requests.Length);
        Assert.Single(desk.Receiver.Requests.Select(request => request.Headers["webhook-id"]).Distinct());
        Assert.Single(desk.Receiver.Requests.Select(request => request.Body).Distinct());
        var status = (await desk.EventsAsync())[0]!["deliveryStatus"]![0]!;
        Assert.Equal("SUCCESS", (string?)status["state"]);
        Assert.Equal(["FAILED", "FAILED", "SUCCESS"], status["attempts"]!.AsArray().Select(attempt => (string?)attempt!["state"]));
        Assert.Null(status["nextAttempt"]);
    }

    [Fact]
    public async Task A_delivery_is_given_up_after_the_last_try_and_can_be_resent()
    {
        await using var desk = await Desk.OpenAsync();
        desk.Receiver.AnswerWith(HttpStatusCode.BadGateway);
        var made = await TestEventAsync(desk);
        await desk.Host.AdvanceToAsync("2026-01-25T09:00:00Z");
        Assert.Equal(10, desk.Receiver.Requests.Length);
        Assert.Equal("FAILED", (string?)(await desk.EventsAsync())[0]!["deliveryStatus"]![0]!["state"]);

        desk.Receiver.AnswerWith(HttpStatusCode.OK);
        await desk.Host.PostAsync($"/api/v1/notification/events/{made["id"]}/resend", new JsonObject(), 202);
        Assert.Equal("RESENDING", (string?)(await desk.EventsAsync())[0]!["deliveryStatus"]![0]!["state"]);
        await desk.SettleAsync();

        Assert.Equal("SUCCESS", (string?)(await desk.EventsAsync())[0]!["deliveryStatus"]![0]!["state"]);
        Assert.Equal((string?)made["id"], desk.Receiver.Requests[^1].Headers["webhook-id"]);
    }

    [Fact]
    public async Task A_receiver_that_asks_for_time_gets_it()
    {
        await using var desk = await Desk.OpenAsync();
        desk.Receiver.AnswerWith(HttpStatusCode.TooManyRequests, retryAfter: "7200");
        await TestEventAsync(desk);

        await desk.SettleAsync();

        Assert.Equal("2026-01-15T11:00:00Z", (string?)(await desk.EventsAsync())[0]!["deliveryStatus"]![0]!["nextAttempt"]);
    }

    [Fact]
    public async Task A_receiver_that_is_gone_is_asked_no_more()
    {
        await using var desk = await Desk.OpenAsync();
        desk.Receiver.AnswerWith(HttpStatusCode.Gone);
        var channel = await desk.ChannelAsync();
        var rule = await desk.RuleAsync("invoice.created", "", channel);
        await desk.Host.PostAsync($"/api/v1/notification/rules/{rule["id"]}/test", new JsonObject(), 201);

        await desk.Host.AdvanceToAsync("2026-01-20T09:00:00Z");

        Assert.Single(desk.Receiver.Requests);
        Assert.True((bool)(await desk.Host.GetAsync($"/api/v1/notification/channels/{channel["id"]}"))["disabled"]!);
        Assert.Equal("FAILED", (string?)(await desk.EventsAsync())[0]!["deliveryStatus"]![0]!["state"]);
        await desk.Host.PostAsync($"/api/v1/notification/rules/{rule["id"]}/test", new JsonObject(), 201);
        await desk.SettleAsync();
        Assert.Empty((await desk.EventsAsync(""))[1]!["deliveryStatus"]!.AsArray());
    }

    [Fact]
    public async Task A_redirect_is_not_followed()
    {
        await using var desk = await Desk.OpenAsync();
        desk.Receiver.Answer = context =>
        {
            context.Response.Redirect("/elsewhere", permanent: false, preserveMethod: true);
            return Task.CompletedTask;
        };
        await TestEventAsync(desk);

        await desk.SettleAsync();

        Assert.Equal("/hook", Assert.Single(desk.Receiver.Requests).Path);
        Assert.Equal("the receiver answered 307", (string?)(await desk.EventsAsync())[0]!["deliveryStatus"]![0]!["reason"]);
    }

    [Fact]
    public async Task Only_the_beginning_of_a_long_answer_is_read()
    {
        await using var desk = await Desk.OpenAsync();
        desk.Receiver.Answer = async context =>
        {
            var block = new byte[64 << 10];
            Array.Fill(block, (byte)'x');
            for (var i = 0; i < 64 && !context.RequestAborted.IsCancellationRequested; i++)
            {
                await context.Response.Body.WriteAsync(block);
            }
        };
        await TestEventAsync(desk);

        await desk.SettleAsync();

        var attempt = (await desk.EventsAsync())[0]!["deliveryStatus"]![0]!["attempts"]![0]!;
        Assert.Equal(1_024, ((string)attempt["response"]!["body"]!).Length);
    }

    [Fact]
    public async Task Nobody_listening_is_a_failure_with_a_reason()
    {
        await using var desk = await Desk.OpenAsync();
        var port = Testing.FreePort.Take(1)[0];
        var channel = await desk.Host.PostAsync(
            "/api/v1/notification/channels", Desk.Json($$"""{"type":"WEBHOOK","name":"x","url":"http://127.0.0.1:{{port}}/"}"""), 201);
        var rule = await desk.RuleAsync("invoice.created", "", channel);
        await desk.Host.PostAsync($"/api/v1/notification/rules/{rule["id"]}/test", new JsonObject(), 201);

        await desk.SettleAsync();

        var status = (await desk.EventsAsync())[0]!["deliveryStatus"]![0]!;
        Assert.Equal(("PENDING", "the connection failed"), ((string?)status["state"], (string?)status["reason"]));
        Assert.Null(status["attempts"]![0]!["response"]!["statusCode"]);
    }

    /// <summary>The name passes when the channel is made; what it leads to is looked at when something is sent.</summary>
    [Fact]
    public async Task A_name_that_leads_to_this_machine_is_not_connected_to()
    {
        await using var desk = await Desk.OpenAsync(allowPrivate: false);
        var url = desk.Receiver.Url.Replace("127.0.0.1", "localhost", StringComparison.Ordinal);
        var channel = await desk.Host.PostAsync(
            "/api/v1/notification/channels", Desk.Json($$"""{"type":"WEBHOOK","name":"x","url":"{{url}}"}"""), 201);
        var rule = await desk.RuleAsync("invoice.created", "", channel);
        await desk.Host.PostAsync($"/api/v1/notification/rules/{rule["id"]}/test", new JsonObject(), 201);

        await desk.SettleAsync();

        Assert.Empty(desk.Receiver.Requests);
        var status = (await desk.EventsAsync())[0]!["deliveryStatus"]![0]!;
        Assert.Equal("the address is private, loopback or reserved", (string?)status["reason"]);
    }

    [Fact]
    public async Task Deliveries_of_a_deleted_channel_end()
    {
        await using var desk = await Desk.OpenAsync();
        desk.Receiver.AnswerWith(HttpStatusCode.InternalServerError);
        var channel = await desk.ChannelAsync();
        var rule = await desk.RuleAsync("invoice.created", "", channel);
        await desk.Host.PostAsync($"/api/v1/notification/rules/{rule["id"]}/test", new JsonObject(), 201);
        await desk.SettleAsync();
        Assert.Equal(HttpStatusCode.Conflict, (await desk.Host.Client.DeleteAsync($"/api/v1/notification/channels/{channel["id"]}")).StatusCode);
        await desk.Host.Client.DeleteAsync($"/api/v1/notification/rules/{rule["id"]}");

        Assert.Equal(HttpStatusCode.NoContent, (await desk.Host.Client.DeleteAsync($"/api/v1/notification/channels/{channel["id"]}")).StatusCode);
        await desk.Host.AdvanceToAsync("2026-01-16T09:00:00Z");

        Assert.Single(desk.Receiver.Requests);
        Assert.Equal("the channel was deleted", (string?)(await desk.EventsAsync())[0]!["deliveryStatus"]![0]!["reason"]);
    }

    [Fact]
    public async Task Events_are_forgotten_when_they_are_old_and_done()
    {
        await using var desk = await Desk.OpenAsync();
        await TestEventAsync(desk);
        await desk.SettleAsync();
        await desk.Host.AdvanceToAsync("2026-05-01T00:00:00Z");

        await TestEventAsync(desk);
        await desk.SettleAsync();

        Assert.Equal("2026-05-01T00:00:00Z", (string?)Assert.Single(await desk.EventsAsync())!["createdAt"]);
    }

    private static async Task<JsonNode> TestEventAsync(Desk desk)
    {
        var rule = await desk.RuleAsync("invoice.created");
        return await desk.Host.PostAsync($"/api/v1/notification/rules/{rule["id"]}/test", new JsonObject(), 201);
    }
}
