using System.Text.Json.Nodes;
using Metering.Testing;
using Xunit;

namespace Metering.Ingest.Tests.Sources;

/// <summary>Gateways that number their events hear which ones never came.</summary>
public sealed class SourceTests
{
    [Fact]
    public async Task A_number_that_never_came_is_reported_until_it_comes()
    {
        await using var host = await TestHost.StartAsync();
        await host.PostEventsAsync(Numbered("a", 1), Numbered("b", 2), Numbered("e", 5), Numbered("f", 6));

        var source = Assert.Single((await host.GetAsync("/api/v1/sources"))["items"]!.AsArray())!;
        var gap = (await host.GetAsync("/api/v1/sources/gateway"))["sequences"]![0]!["gaps"]![0]!;
        await host.PostEventsAsync(Numbered("c", 3));
        var late = await host.GetAsync("/api/v1/sources/gateway");
        await host.PostEventsAsync(Numbered("d", 4));
        var whole = await host.GetAsync("/api/v1/sources/gateway");

        Assert.Equal(("gateway", 4, 6, 1, 2), ((string)source["source"]!, (int)source["events"]!, (int)source["lastSequence"]!,
            (int)source["openGaps"]!, (int)source["missing"]!));
        Assert.Equal((3, 4, "2026-01-15T09:00:00Z"), ((int)gap["first"]!, (int)gap["last"]!, (string)gap["since"]!));
        Assert.Equal((5, 1), ((int)late["events"]!, (int)late["missing"]!));
        Assert.Equal((0, 0), ((int)whole["missing"]!, (int)whole["openGaps"]!));
        Assert.Equal(0, IngestMetrics.SequenceMissing);
    }

    [Fact]
    public async Task The_first_numbers_are_missed_too_and_an_epoch_begins_at_one_again()
    {
        await using var host = await TestHost.StartAsync();

        await host.PostEventsAsync(Numbered("a", 3, "monday"), Numbered("b", 1, "tuesday"));

        var source = await host.GetAsync("/api/v1/sources/gateway");
        Assert.Equal(
            ["tuesday 1 0", "monday 3 2"],
            source["sequences"]!.AsArray().Select(one => $"{one!["epoch"]} {one["lastSequence"]} {one["missing"]}"));
    }

    [Fact]
    public async Task What_was_sent_again_under_a_new_number_has_come()
    {
        await using var host = await TestHost.StartAsync();

        await host.PostEventsAsync(Numbered("a", 1));
        await host.PostEventsAsync(Numbered("a", 2));
        await host.PostEventsAsync(Numbered("c", 3));

        var source = await host.GetAsync("/api/v1/sources/gateway");
        Assert.Equal((2, 3, 0), ((int)source["events"]!, (int)source["lastSequence"]!, (int)source["missing"]!));
    }

    [Fact]
    public async Task Headers_and_the_spelling_with_a_hyphen_are_read_and_what_is_no_number_is_only_kept()
    {
        await using var host = await TestHost.StartAsync();
        (string, string)[] headers =
        [
            ("ce-specversion", "1.0"), ("ce-id", "1"), ("ce-source", "by/header"), ("ce-type", "prompt"), ("ce-subject", "acme"),
            ("ce-metering-seq", "2"),
        ];
        await host.SendEventsAsync("{}", "application/json", headers);
        var odd = EventPosting.Event("2", "2026-01-14T10:00:00Z", null);
        odd["meteringseq"] = "many";
        await host.PostEventsAsync(odd);

        var numbered = await host.GetAsync("/api/v1/sources/by%2Fheader");
        var plain = await host.GetAsync("/api/v1/sources/gateway");
        var slashed = await host.GetAsync("/api/v1/sources/by/header");

        Assert.Equal((2, 1), ((int)numbered["lastSequence"]!, (int)numbered["missing"]!));
        Assert.Equal("by/header", (string)slashed["source"]!);
        Assert.Equal((1, null), ((int)plain["events"]!, plain["lastSequence"]));
    }

    [Fact]
    public async Task A_source_that_never_sent_is_not_found()
    {
        await using var host = await TestHost.StartAsync();

        var problem = await host.GetAsync("/api/v1/sources/nobody", 404);

        Assert.Equal("urn:metering:problem:not-found", (string)problem["type"]!);
    }

    private static JsonObject Numbered(string id, int number, string? epoch = null)
    {
        var item = EventPosting.Event(id, "2026-01-14T10:00:00Z", null);
        item["meteringseq"] = number;
        if (epoch is not null)
        {
            item["meteringepoch"] = epoch;
        }

        return item;
    }
}
