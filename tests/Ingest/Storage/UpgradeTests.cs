using System.Buffers.Binary;
using System.Collections.Immutable;
using Metering.Ingest.Events;
using Metering.Ingest.Recording;
using Metering.Ingest.Tests.Events;
using Metering.Platform.Database;
using Metering.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using NodaTime;
using Npgsql;
using Xunit;

namespace Metering.Ingest.Tests.Storage;

/// <summary>What was recorded before keys and events parted is known afterwards, and is listed and counted as before.</summary>
public sealed class UpgradeTests
{
    private const int FirstPartitions = 4;
    private const int FirstKeysBySecond = 16;

    [Fact]
    public async Task Events_of_an_older_database_keep_their_identity_and_their_content()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var source = NpgsqlDataSource.Create(database.ConnectionString);
        var metering = new MeteringDatabase(source);
        await MigrateAsync(metering, IngestModule.Migrations.Migrations.RemoveAll(migration => migration.Number >= FirstPartitions));
        var known = EventKeys.Event("known", tokens: 7);
        var other = EventKeys.Event("known", tokens: 8);
        await using (var session = await metering.OpenAsync(CancellationToken.None))
        {
            var old = new { known.Key, known.PayloadHash, known.Time, conflicting = other.PayloadHash };
            await session.ExecuteAsync(OldRowsSql, old, CancellationToken.None);
        }

        await MigrateAsync(metering, IngestModule.Migrations.Migrations);

        await using var read = await metering.OpenAsync(CancellationToken.None);
        Assert.Equal("1 known acme {\"tokens\":7} no number", await read.SingleAsync<string>(KnownSql, null, CancellationToken.None));
        Assert.Equal(10_001, await CountAsync("ingest.event"));
        Assert.Equal(10_001, await CountAsync("ingest.event_key"));
        Assert.Equal(5_000, await CountAsync("ingest.event where id like 'ABCDEF%'"));
        Assert.Equal(10_000, await CountAsync("ingest.event_2025_02"));
        Assert.Equal(
            (BatchPlan.HashOf(other), BatchPlan.HashOf(known)),
            await read.SingleAsync<(long, long)>("select payload_hash, first_payload_hash from ingest.event_conflict", null, CancellationToken.None));

        var writer = new BatchWriter(metering, SystemClock.Instance);
        var results = await writer.WriteAsync([known, EventKeys.Event("known", tokens: 9)], CancellationToken.None);
        Assert.Equal([EventOutcome.Duplicate, EventOutcome.Conflict], results.Select(result => result.Outcome));

        Task<long> CountAsync(string from) => read.SingleAsync<long>($"select count(*) from {from}", null, CancellationToken.None);
    }

    [Fact]
    public async Task Events_whose_ids_tell_a_time_are_known_under_keys_that_begin_with_it()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var source = NpgsqlDataSource.Create(database.ConnectionString);
        var metering = new MeteringDatabase(source);
        await MigrateAsync(metering, IngestModule.Migrations.Migrations.RemoveAll(migration => migration.Number >= FirstKeysBySecond));
        UsageEvent[] events =
        [
            .. new[] { "019a8c4e-7f32-7c1d-9b52-6a0a1f3c5d7e", "01KA676TJVQXKF4W2M5S7YBC9D", "01ka676tjvqxkf4w2m5s7ybc9e", "order-17" }
                .Select(id => EventKeys.Event(id)),
        ];
        var before = events.Select(KeyByTenMinutes).ToArray();
        await using (var session = await metering.OpenAsync(CancellationToken.None))
        {
            foreach (var (usageEvent, key) in events.Zip(before))
            {
                var row = new { key, hash = BatchPlan.HashOf(usageEvent), usageEvent.Time, usageEvent.Id };
                await session.ExecuteAsync(KeyedRowSql, row, CancellationToken.None);
            }

            await session.ExecuteAsync(LatestSql, new { key = before[0] }, CancellationToken.None);
        }

        await MigrateAsync(metering, IngestModule.Migrations.Migrations);

        var results = await new BatchWriter(metering, SystemClock.Instance).WriteAsync(events, CancellationToken.None);
        Assert.All(results, result => Assert.Equal(EventOutcome.Duplicate, result.Outcome));
        await using var read = await metering.OpenAsync(CancellationToken.None);
        var stored = await read.QueryAsync<Guid>("select key from ingest.recorded_event order by batch", null, CancellationToken.None);
        Assert.Equal(events.Select(usageEvent => usageEvent.Key), stored);
        Assert.Equal(events[0].Key, await read.SingleAsync<Guid>("select latest_key from ingest.usage_hour", null, CancellationToken.None));
    }

    /// <summary>As keys were before: the id's ten minutes before twelve bytes of the hash, of which ten are left; or hash alone.</summary>
    private static Guid KeyByTenMinutes(UsageEvent usageEvent)
    {
        if (usageEvent.Id.StartsWith("order", StringComparison.Ordinal))
        {
            return usageEvent.Key;
        }

        Span<byte> now = stackalloc byte[16];
        usageEvent.Key.TryWriteBytes(now, bigEndian: true, out _);
        Span<byte> before = stackalloc byte[16];
        var milliseconds = BinaryPrimitives.ReadInt64BigEndian(now) >>> 16;
        BinaryPrimitives.WriteUInt32BigEndian(before, (uint)(milliseconds / 600_000));
        now[6..].CopyTo(before[4..]);
        return new Guid(before, bigEndian: true);
    }

    private const string KeyedRowSql = """
        insert into ingest.event_origin (digest, type, source) values (gen_random_uuid(), 'prompt', 'gateway') on conflict do nothing;
        insert into ingest.event_key (key, payload_hash, time) values (@key, @hash, @Time);
        insert into ingest.recorded_event (key, batch, time, origin, id_uuid, id_text, subject)
        select @key, nextval('ingest.batch_number'), @Time, min(number), case when @Id like '%-7%-%' then @Id::uuid end,
               case when @Id not like '%-7%-%' then @Id end, 'acme'
        from ingest.event_origin;
        """;

    private const string LatestSql = """
        insert into ingest.usage_hour (meter, subject, hour, cell, batch, dimensions, count, latest, latest_at, latest_key)
        values (1, 'acme', '2026-01-14T10:00:00Z', gen_random_uuid(), 1, '{}', 1, 7, '2026-01-14T10:00:00Z', @key)
        """;

    private const string KnownSql = "select concat_ws(' ', batch, id, subject, data, validation_error) from ingest.event where id = 'known'";

    private static Task MigrateAsync(MeteringDatabase database, ImmutableArray<Migration> migrations) =>
        new Migrator(database, [new MigrationSet("ingest", migrations)], NullLogger<Migrator>.Instance).MigrateAsync(CancellationToken.None);

    private const string OldRowsSql = """
        insert into ingest.event (key, payload_hash, batch, time, type, subject, source, id, data, validation_error)
        values (@Key, @PayloadHash, 1, @Time, 'prompt', 'acme', 'gateway', 'known', '{"tokens":7}', 'no number');
        insert into ingest.event (key, payload_hash, batch, time, type, subject, source, id)
        select gen_random_uuid(), gen_random_uuid(), 1, '2025-02-01T00:00:00Z'::timestamptz + make_interval(mins => n), 'prompt', 'acme', 'gateway',
               case when n % 2 = 0 then id else upper(id) end
        from generate_series(1, 10000) as n
        cross join lateral (select 'abcdef' || right(gen_random_uuid()::text, 30) as id) as made;
        insert into ingest.event_conflict (key, payload_hash, first_payload_hash, batch, time, type, subject, source, id)
        values (@Key, @conflicting, @PayloadHash, 1, @Time, 'prompt', 'acme', 'gateway', 'known');
        insert into ingest.batch (batch, recorded_at, events) values (nextval('ingest.batch_number'), '2026-01-14T10:00:00Z', 10001);
        """;
}
