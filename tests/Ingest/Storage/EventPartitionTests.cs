using System.Text.Json.Nodes;
using Metering.Ingest.Storage;
using Metering.Platform.Database;
using Metering.Testing;
using Microsoft.Extensions.DependencyInjection;
using NodaTime;
using Xunit;

namespace Metering.Ingest.Tests.Storage;

public sealed class EventPartitionTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_month_before_this_one_and_three_after_it_have_partitions_and_making_them_again_makes_none()
    {
        await using var host = await TestHost.StartAsync("2026-01-15T09:00:00Z");
        var partitions = host.Services.GetRequiredService<EventPartitions>();
        await partitions.MakeAsync(Instant.FromUtc(2026, 1, 15, 9, 0), Token);

        var months = new HashSet<string> { "event_2025_12", "event_2026_01", "event_2026_02", "event_2026_03", "event_2026_04" };
        Assert.Subset((await PartitionsAsync(host)).ToHashSet(), months);
        Assert.Equal(0, await partitions.MakeAsync(Instant.FromUtc(2026, 1, 31, 23, 59), Token));
        Assert.Equal(1, await partitions.MakeAsync(Instant.FromUtc(2026, 2, 1, 0, 0), Token));
        Assert.Contains("event_2026_05", await PartitionsAsync(host));
    }

    [Fact]
    public async Task Events_of_a_month_without_a_partition_are_recorded_and_move_when_it_is_made()
    {
        await using var host = await TestHost.StartAsync("2026-01-15T09:00:00Z");
        await host.MeterAsync("tokens");
        await host.PostEventsAsync(Event("1", "2024-06-30T23:59:59.999999Z"), Event("2", "2024-07-01T00:00:00Z"), Event("3", "2024-07-31T23:59:59Z"));
        Assert.Equal(["event_other", "event_other", "event_other"], await PlacesAsync(host));

        Assert.True(await MakeAsync(host, "2024-07-04T12:00:00Z"));

        Assert.Equal(["event_2024_07", "event_2024_07", "event_other"], await PlacesAsync(host));
        Assert.Equal(3, (await host.GetAsync("/api/v1/events?from=2024-01-01T00:00:00Z"))!.AsArray().Count);
        var july = await host.QueryAsync("tokens", "from=2024-07-01T00:00:00Z&to=2024-08-01T00:00:00Z&windowSize=MINUTE");
        Assert.Equal("2024-07-01T00:00:00Z 2024-07-01T00:01:00Z 1\n2024-07-31T23:59:00Z 2024-08-01T00:00:00Z 1", july);
    }

    [Fact]
    public async Task A_month_that_many_events_came_for_gets_a_partition_by_itself()
    {
        await using var host = await TestHost.StartAsync("2026-01-15T09:00:00Z");
        var database = host.Services.GetRequiredService<MeteringDatabase>();
        await using (var session = await database.OpenAsync(Token))
        {
            await session.ExecuteAsync(ManySql, new { many = EventPartitions.WorthAMonth }, Token);
        }

        await host.Services.GetRequiredService<EventPartitions>().MakeAsync(host.Now, Token);

        Assert.Contains("event_2023_05", await PartitionsAsync(host));
        Assert.DoesNotContain("event_2023_06", await PartitionsAsync(host));
        Assert.Equal(["event_other"], (await PlacesAsync(host)).Where(place => place == "event_other"));
    }

    [Fact]
    public async Task A_detached_month_is_gone_from_the_events_and_still_recorded_never_again()
    {
        await using var host = await TestHost.StartAsync("2026-01-15T09:00:00Z");
        await host.MeterAsync("tokens");
        await MakeAsync(host, "2024-07-04T12:00:00Z");
        var july = Event("1", "2024-07-04T12:00:00Z");
        await host.PostEventsAsync(july, Event("2", "2026-01-15T08:00:00Z"));

        await using (var session = await host.Services.GetRequiredService<MeteringDatabase>().OpenAsync(Token))
        {
            var kept = await session.SingleAsync<string>("select ingest.detach_event_partition('2024-07-01Z')", null, Token);
            Assert.Equal("ingest.detached_event_2024_07", kept);
            Assert.Equal(1, await session.SingleAsync<long>($"select count(*) from {kept}", null, Token));
        }

        var report = await host.PostEventsAsync(july, Event("3", "2024-07-05T12:00:00Z"));
        Assert.Equal(1, (int)report["duplicate"]!);
        Assert.Equal(1, (int)report["accepted"]!);
        Assert.False(await MakeAsync(host, "2024-07-04T12:00:00Z"));
        Assert.Equal(["event_2026_01", "event_other"], await PlacesAsync(host));
        Assert.EndsWith(" 3", await host.QueryAsync("tokens"), StringComparison.Ordinal);
    }

    private static JsonObject Event(string id, string time) => EventPosting.Event(id, time, new JsonObject { ["tokens"] = 1 });

    private static async Task<bool> MakeAsync(TestHost host, string instant)
    {
        await using var session = await host.Services.GetRequiredService<MeteringDatabase>().OpenAsync(Token);
        return await session.SingleAsync<bool>("select ingest.make_event_partition(@instant::timestamptz)", new { instant }, Token);
    }

    private static async Task<IReadOnlyList<string>> PartitionsAsync(TestHost host)
    {
        await using var session = await host.Services.GetRequiredService<MeteringDatabase>().OpenAsync(Token);
        return await session.QueryAsync<string>(
            "select (select relname::text from pg_class where oid = relid) from pg_partition_tree('ingest.recorded_event') where isleaf",
            null, Token);
    }

    private static async Task<IReadOnlyList<string>> PlacesAsync(TestHost host)
    {
        await using var session = await host.Services.GetRequiredService<MeteringDatabase>().OpenAsync(Token);
        return await session.QueryAsync<string>(
            "select (select relname::text from pg_class where oid = e.tableoid) as place from ingest.recorded_event e order by place", null, Token);
    }

    private const string ManySql = """
        insert into ingest.event_origin (digest, type, source) values (gen_random_uuid(), 'prompt', 'gateway');
        insert into ingest.recorded_event (key, batch, time, origin, subject, id_text)
        select gen_random_uuid(), 1, '2023-05-31T23:00:00Z'::timestamptz + case when n = 0 then interval '1 day' else interval '0' end,
               (select max(number) from ingest.event_origin), 'acme', n::text
        from generate_series(0, @many) as n
        """;
}
