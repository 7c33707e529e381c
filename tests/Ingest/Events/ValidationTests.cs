using System.Text.Json.Nodes;
using Metering.Ingest.Events;
using Metering.Platform;
using Metering.Testing;
using Microsoft.Extensions.DependencyInjection;
using NodaTime;
using Xunit;

namespace Metering.Ingest.Tests.Events;

public sealed class ValidationTests
{
    private static readonly JsonObject Good = new() { ["tokens"] = 42 };
    private static readonly JsonObject Empty = [];

    [Fact]
    public async Task A_lenient_deployment_stores_and_marks_what_a_meter_can_not_read()
    {
        await using var host = await TestHost.StartAsync();
        await host.MeterAsync("tokens");

        var (status, _) = await SendAsync(host, EventPosting.Event("1", "2026-01-14T10:00:00Z", Empty));

        Assert.Equal(204, status);
        var failed = await host.GetAsync("/api/v1/events?validation=failed", 200);
        Assert.Contains("$.tokens", (string)Assert.Single(failed.AsArray())!["validationError"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_strict_deployment_names_each_event_and_field_and_takes_none_of_the_batch()
    {
        await using var host = await TestHost.StartAsync(strictValidation: true);
        await host.MeterAsync("tokens", dimensions: "model");

        var (status, body) = await SendAsync(
            host, EventPosting.Event("1", "2026-01-14T10:00:00Z", Good), EventPosting.Event("2", "2026-01-14T10:00:00Z", Empty),
            EventPosting.Event("3", "2026-01-14T10:00:00Z", Good, type: "unknown"),
            EventPosting.Event("4", "2026-01-14T10:00:00Z", new JsonObject { ["tokens"] = 1, ["model"] = new JsonArray() }));

        Assert.Equal(400, status);
        var problem = JsonNode.Parse(body)!;
        Assert.Equal("urn:metering:problem:invalid-request", (string)problem["type"]!);
        Assert.Equal(
            ["/1/data/tokens not_readable", "/2/type unknown_value", "/3/data/model not_readable"],
            problem["errors"]!.AsArray().Select(error => $"{error!["pointer"]} {error["code"]}"));
        Assert.Empty((await host.GetAsync("/api/v1/events")).AsArray());
    }

    [Fact]
    public async Task A_strict_deployment_takes_what_its_meters_read_and_sees_a_new_meter_at_once()
    {
        await using var host = await TestHost.StartAsync(strictValidation: true);
        await host.MeterAsync("tokens");
        var other = EventPosting.Event("2", "2026-01-14T10:00:00Z", Good, type: "image");

        Assert.Equal(204, (await SendAsync(host, EventPosting.Event("1", "2026-01-14T10:00:00Z", Good))).Status);
        Assert.Equal(400, (await SendAsync(host, other)).Status);
        await host.MeterAsync("images", "COUNT", "image", null);
        Assert.Equal(204, (await SendAsync(host, other)).Status);
        Assert.EndsWith(" 1", await host.QueryAsync("images"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_single_event_and_one_in_binary_mode_are_named_as_they_were_sent()
    {
        await using var host = await TestHost.StartAsync(strictValidation: true);
        await host.MeterAsync("tokens");

        var single = await host.SendEventsAsync(
            EventPosting.Event("1", "2026-01-14T10:00:00Z", Empty).ToJsonString(), "application/cloudevents+json");
        var binary = await host.SendEventsAsync(
            """{"tokens":1}""", "application/json", ("ce-specversion", "1.0"), ("ce-id", "1"), ("ce-source", "gateway"), ("ce-type", "prompt"),
            ("ce-subject", "acme"), ("ce-meteringseq", "zero"));

        Assert.Equal("/data/tokens", (string)JsonNode.Parse(single.Body)!["errors"]![0]!["pointer"]!);
        Assert.Equal("header:ce-meteringseq", (string)JsonNode.Parse(binary.Body)!["errors"]![0]!["pointer"]!);
    }

    [Fact]
    public async Task What_comes_by_the_broker_to_a_strict_deployment_is_put_aside_with_its_reason()
    {
        await using var host = await TestHost.StartAsync(strictValidation: true);
        await host.MeterAsync("tokens");
        var validation = host.Services.GetRequiredService<EventValidation>();
        UsageEvent[] events = [Some("1", """{"tokens":1}"""), Some("2", "{}")];

        var (accepted, refused) = await validation.SplitAsync(events, TestContext.Current.CancellationToken);

        Assert.Equal(["1"], accepted.Select(item => item.Id));
        var one = Assert.Single(refused);
        Assert.Equal(("2", "/data/tokens"), (one.Id, one.Errors[0].Pointer));
    }

    [Theory]
    [InlineData(null, false)]
    [InlineData("lenient", false)]
    [InlineData("strict", true)]
    public void The_mode_is_read_from_the_environment(string? text, bool strict)
    {
        var options = MeteringOptions.FromEnvironment(name => name == "METERING_POSTGRES" ? "Host=x" : name == "METERING_VALIDATION" ? text : null);

        Assert.Equal(strict, options.StrictValidation);
    }

    [Fact]
    public void Another_mode_is_refused_by_name()
    {
        var exception = Assert.Throws<InvalidOptionException>(() =>
            MeteringOptions.FromEnvironment(name => name == "METERING_POSTGRES" ? "Host=x" : name == "METERING_VALIDATION" ? "maybe" : null));

        Assert.Contains("METERING_VALIDATION", exception.Message, StringComparison.Ordinal);
    }

    private static Task<(int Status, string Body)> SendAsync(TestHost host, params JsonObject[] events) => host.SendEventsAsync(
        new JsonArray([.. events.Select(item => item.DeepClone())]).ToJsonString(), "application/cloudevents-batch+json");

    private static UsageEvent Some(string id, string data) => new(
        id, "gateway", "prompt", "acme", Instant.FromUtc(2026, 1, 14, 10, 0), System.Text.Encoding.UTF8.GetBytes(data), null,
        EventIdentity.Key("gateway", id), EventIdentity.Payload("prompt", "acme", null, default));
}
