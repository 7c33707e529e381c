using System.Text.Json.Nodes;
using Metering.Ingest.Events;
using Metering.Ingest.Recording;
using Metering.Platform.Problems;
using Metering.Testing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Metering.Ingest.Tests.Events;

/// <summary>Put aside is not lost: what was rejected is read again after its reason is gone.</summary>
public sealed class ReplayTests
{
    private static readonly JsonObject Good = new() { ["tokens"] = 42 };

    [Fact]
    public async Task What_was_rejected_for_want_of_a_meter_counts_after_the_meter_was_made()
    {
        await using var host = await TestHost.StartAsync(strictValidation: true);
        await RejectAsync(host, EventPosting.Event("1", "2026-01-14T10:00:00Z", Good));

        var early = await host.PostAsync("/api/v1/events/rejected/replay", new JsonObject(), 200);
        await host.MeterAsync("tokens");
        var dry = await host.PostAsync("/api/v1/events/rejected/replay", new JsonObject { ["dryRun"] = true }, 200);
        var beforehand = await host.QueryAsync("tokens");
        var replay = await host.PostAsync("/api/v1/events/rejected/replay", new JsonObject(), 200);

        Assert.Equal("rejected", (string)early["results"]![0]!["outcome"]!);
        Assert.Contains("No meter counts", (string)early["results"]![0]!["reason"]!, StringComparison.Ordinal);
        Assert.Equal((true, 1, ""), ((bool)dry["dryRun"]!, (int)dry["accepted"]!, beforehand));
        Assert.Equal(1, (int)replay["accepted"]!);
        Assert.EndsWith(" 42", await host.QueryAsync("tokens"), StringComparison.Ordinal);
        var row = Assert.Single((await host.GetAsync("/api/v1/events/rejected"))["items"]!.AsArray())!;
        Assert.Equal(("accepted", "2026-01-15T09:00:00Z"), ((string)row["replayOutcome"]!, (string)row["replayedAt"]!));
        Assert.Equal(2, (await host.GetAsync("/api/v1/audit?action=rejected_event.replay"))["items"]!.AsArray().Count);
    }

    [Fact]
    public async Task A_replay_of_what_was_replayed_counts_nothing_twice()
    {
        await using var host = await TestHost.StartAsync();
        await host.MeterAsync("tokens");
        await RejectAsync(host, EventPosting.Event("1", "2026-01-14T10:00:00Z", Good));
        var number = (long)(await host.GetAsync("/api/v1/events/rejected"))["items"]![0]!["number"]!;
        var named = new JsonObject { ["numbers"] = new JsonArray(number) };

        await host.PostAsync("/api/v1/events/rejected/replay", named, 200);
        var again = await host.PostAsync("/api/v1/events/rejected/replay", named, 200);
        var rest = await host.PostAsync("/api/v1/events/rejected/replay", new JsonObject(), 200);

        Assert.Equal("duplicate", (string)again["results"]![0]!["outcome"]!);
        Assert.Empty(rest["results"]!.AsArray());
        Assert.EndsWith(" 42", await host.QueryAsync("tokens"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_still_no_event_stays_rejected_with_the_reason_of_today()
    {
        await using var host = await TestHost.StartAsync();
        await RejectAsync(host, "{\"id\":\"1\"}");
        await RejectAsync(host, "[{");

        var replay = await host.PostAsync("/api/v1/events/rejected/replay", new JsonObject(), 200);

        Assert.Equal(2, (int)replay["rejected"]!);
        Assert.Contains("/source", (string)replay["results"]![0]!["reason"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Numbers_that_do_not_exist_are_named()
    {
        await using var host = await TestHost.StartAsync();

        var unknown = await host.PostAsync("/api/v1/events/rejected/replay", new JsonObject { ["numbers"] = new JsonArray(7) }, 400);
        var none = await host.PostAsync("/api/v1/events/rejected/replay", new JsonObject { ["numbers"] = new JsonArray() }, 400);

        Assert.Equal("/numbers/0", (string)unknown["errors"]![0]!["pointer"]!);
        Assert.Equal("/numbers", (string)none["errors"]![0]!["pointer"]!);
    }

    private static Task RejectAsync(TestHost host, JsonObject item) => RejectAsync(host, item.ToJsonString());

    private static Task RejectAsync(TestHost host, string body) => host.Services.GetRequiredService<EventRecorder>().RejectAsync(
        [new MalformedEvent(body, "gateway", "1", [new FieldError("", "test", "Put aside by the test.")])], TestContext.Current.CancellationToken);
}
