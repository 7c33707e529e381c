using Metering.Platform.Database;
using Metering.Testing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Metering.Ingest.Tests.Usage;

/// <summary>How far everything is recorded, while some batches are underway: the database's own functions, with transactions held open.</summary>
public sealed class BatchesUnderwayTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Nothing_is_settled_beyond_a_batch_that_is_underway_and_nobody_waits_to_know_it()
    {
        await using var host = await TestHost.StartAsync();
        var database = host.Services.GetRequiredService<MeteringDatabase>();
        var before = await RecordAsync(database);

        await using (var underway = await database.BeginAsync(Cancelled))
        {
            await BeginAsync(underway);
            await RecordAsync(database);

            Assert.Equal(before, await SettledAsync(database));
        }

        // It was rolled back, and so is over.
        Assert.Equal(before + 2, await SettledAsync(database));
    }

    [Fact]
    public async Task Who_waits_for_a_batch_has_it_and_holds_up_no_later_one()
    {
        await using var host = await TestHost.StartAsync();
        var database = host.Services.GetRequiredService<MeteringDatabase>();
        await RecordAsync(database);
        await using var underway = await database.BeginAsync(Cancelled);
        var first = await BeginAsync(underway);
        await AddAsync(underway, first);

        var awaited = AwaitAsync(database);
        while (!await IsAnybodyWaitingAsync(database))
        {
            await Task.Delay(10, Cancelled);
        }

        var later = await RecordAsync(database);

        Assert.False(awaited.IsCompleted, "A batch was underway and was not waited for.");
        await underway.CommitAsync(Cancelled);
        Assert.Equal(first, await awaited);
        Assert.Equal(later, await AwaitAsync(database));
    }

    [Fact]
    public async Task The_first_batch_of_all_is_waited_for_too()
    {
        await using var host = await TestHost.StartAsync();
        var database = host.Services.GetRequiredService<MeteringDatabase>();
        await using var underway = await database.BeginAsync(Cancelled);
        var first = await BeginAsync(underway);
        await AddAsync(underway, first);

        Assert.Equal(0, await SettledAsync(database));
        var awaited = AwaitAsync(database);
        await underway.CommitAsync(Cancelled);

        Assert.Equal(first, await awaited);
    }

    private static async Task<long> RecordAsync(MeteringDatabase database)
    {
        await using var session = await database.BeginAsync(Cancelled);
        var batch = await BeginAsync(session);
        await AddAsync(session, batch);
        await session.CommitAsync(Cancelled);
        return batch;
    }

    private static Task<long> BeginAsync(DbSession session) =>
        session.SingleAsync<long>("select batch from ingest.begin_batch()", null, Cancelled);

    private static Task AddAsync(DbSession session, long batch) => session.ExecuteAsync(
        "insert into ingest.batch (batch, recorded_at, events) values (@batch, '2026-01-14T10:00:00Z', 0)", new { batch }, Cancelled);

    private static Task<long> SettledAsync(MeteringDatabase database) => AskAsync(database, "select ingest.settled_batch()");

    private static Task<long> AwaitAsync(MeteringDatabase database) => AskAsync(database, "select ingest.await_batches()");

    private static async Task<bool> IsAnybodyWaitingAsync(MeteringDatabase database)
    {
        await using var session = await database.OpenAsync(Cancelled);
        return await session.SingleAsync<bool>(WaitingSql, null, Cancelled);
    }

    private const string WaitingSql = """
        select exists (
            select
            from pg_locks
            where locktype = 'advisory' and not granted
              and database = (select oid from pg_database where datname = current_database()))
        """;

    private static async Task<long> AskAsync(MeteringDatabase database, string sql)
    {
        await using var session = await database.BeginAsync(Cancelled);
        return await session.SingleAsync<long>(sql, null, Cancelled);
    }
}
