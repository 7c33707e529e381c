using Metering.Ingest.Events;
using Metering.Ingest.Recording;
using Metering.Ingest.Tests.Events;
using Metering.Platform.Database;
using Metering.Testing;
using Microsoft.Extensions.DependencyInjection;
using NodaTime;
using Xunit;

namespace Metering.Ingest.Tests.Recording;

/// <summary>Every way in which a batch can be written comes to the same outcome. A writer stands for a process: its memory is its own.</summary>
public sealed class WritingPathsTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_writer_without_memory_of_an_event_is_refused_once_and_finds_it_then()
    {
        await using var host = await TestHost.StartAsync();
        await host.MeterAsync("tokens");
        UsageEvent[] events = [EventKeys.Event("1"), EventKeys.Event("2"), EventKeys.Event("3", tokens: 10)];
        Assert.Equal("Accepted Accepted Accepted", await WriteAsync(Writer(host), events));

        UsageEvent[] again =
            [EventKeys.Event("4"), EventKeys.Event("2"), EventKeys.Event("3", tokens: 11), EventKeys.Event("5"), EventKeys.Event("4")];
        Assert.Equal("Accepted Duplicate Conflict Accepted Duplicate", await WriteAsync(Writer(host), again));

        Assert.EndsWith(" 14", await host.QueryAsync("tokens"), StringComparison.Ordinal);
        Assert.Equal(5, await CountAsync(host, "ingest.event"));
        Assert.Equal(5, await CountAsync(host, "ingest.event_key"));
        Assert.Equal(1, await CountAsync(host, "ingest.event_conflict"));
    }

    [Fact]
    public async Task A_writer_that_keeps_meeting_old_events_looks_first_and_comes_to_the_same()
    {
        await using var host = await TestHost.StartAsync();
        await host.MeterAsync("tokens");
        var first = Writer(host);
        for (var batch = 0; batch < 10; batch++)
        {
            await WriteAsync(first, [EventKeys.Event($"{batch}")]);
        }

        var second = Writer(host);
        for (var batch = 0; batch < 10; batch++)
        {
            Assert.Equal("Accepted Duplicate", await WriteAsync(second, [EventKeys.Event($"new {batch}"), EventKeys.Event($"{batch}")]));
        }

        Assert.EndsWith(" 20", await host.QueryAsync("tokens"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Batches_at_the_same_time_that_share_events_record_each_once(int processes)
    {
        await using var host = await TestHost.StartAsync();
        await host.MeterAsync("tokens");
        BatchWriter[] writers = [.. Enumerable.Range(0, processes).Select(_ => Writer(host))];
        var results = new List<EventResult[]>();
        for (var round = 0; round < 6; round++)
        {
            // Each batch shares half of its events with the one before it and holds some of its own twice, in another order each.
            var batches = Enumerable.Range(0, 4).Select(batch => Enumerable.Range(0, 300)
                .Select(i => EventKeys.Event($"{round}/{(batch * 150) + (i * 7 % 300 / (i % 50 == 0 ? 2 : 1))}")).ToArray());
            results.AddRange(await Task.WhenAll(
                batches.Select((batch, i) => Task.Run(() => writers[i % processes].WriteAsync(batch, Token), Token))));
        }

        var accepted = results.Sum(batch => batch.Count(result => result.Outcome == EventOutcome.Accepted));
        Assert.All(results.SelectMany(batch => batch), result => Assert.True(result.Outcome is EventOutcome.Accepted or EventOutcome.Duplicate));
        Assert.Equal(accepted, await CountAsync(host, "ingest.event"));
        Assert.Equal(accepted, await CountAsync(host, "ingest.event_key"));
        Assert.EndsWith($" {accepted}", await host.QueryAsync("tokens"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_tells_the_time_of_its_event_to_the_microsecond()
    {
        await using var host = await TestHost.StartAsync();
        var time = EventKeys.Time + Duration.FromTicks(1_234_560);
        await WriteAsync(Writer(host), [EventKeys.Event("1", time: time)]);

        await using var session = await host.Services.GetRequiredService<MeteringDatabase>().OpenAsync(Token);
        var found = await session.SingleAsync<Instant>(
            "select e.time from ingest.event_key k join ingest.event e on e.time = k.time and e.key = k.key where k.key = @key",
            new { key = EventKeys.Of("1") }, Token);
        Assert.Equal(time, found);
    }

    [Theory]
    [InlineData("018f2e4a-7c1d-7a3b-9e5f-0123456789ab", true)]
    [InlineData("018F2E4A-7C1D-7A3B-9E5F-0123456789AB", false)]
    [InlineData("018f2e4a7c1d7a3b9e5f0123456789ab", false)]
    [InlineData("{18f2e4a-7c1d-7a3b-9e5f-0123456789a}", false)]
    [InlineData(" 18f2e4a-7c1d-7a3b-9e5f-0123456789ab", false)]
    [InlineData("1", false)]
    public async Task An_id_is_read_as_it_was_sent_however_it_is_kept(string id, bool asUuid)
    {
        await using var host = await TestHost.StartAsync();
        await WriteAsync(Writer(host), [EventKeys.Event(id)]);

        await using var session = await host.Services.GetRequiredService<MeteringDatabase>().OpenAsync(Token);
        Assert.Equal(id, await session.SingleAsync<string>("select id from ingest.event where type = 'prompt' and source = 'gateway'", null, Token));
        Assert.Equal(asUuid, await session.SingleAsync<bool>("select id_uuid is not null from ingest.recorded_event", null, Token));
    }

    [Fact]
    public void One_old_duplicate_in_sixteen_batches_is_worth_looking_first_and_fewer_are_not()
    {
        var watch = new DuplicateWatch();
        Assert.False(watch.LookFirst);
        watch.Saw(oldDuplicate: true);
        Assert.True(watch.LookFirst);
        watch.Saw(oldDuplicate: false);
        Assert.False(watch.LookFirst);
        for (var i = 0; i < 100; i++)
        {
            watch.Saw(oldDuplicate: i % 4 == 0);
        }

        Assert.True(watch.LookFirst);
    }

    private static BatchWriter Writer(TestHost host) => ActivatorUtilities.CreateInstance<BatchWriter>(host.Services);

    private static async Task<string> WriteAsync(BatchWriter writer, UsageEvent[] events) =>
        string.Join(' ', (await writer.WriteAsync(events, Token)).Select(result => result.Outcome));

    private static async Task<long> CountAsync(TestHost host, string table)
    {
        await using var session = await host.Services.GetRequiredService<MeteringDatabase>().OpenAsync(Token);
        return await session.SingleAsync<long>($"select count(*) from {table}", null, Token);
    }
}
