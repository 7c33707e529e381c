using System.Text.Json;
using Metering.Ingest.Bench.Wire;
using Npgsql;
using NpgsqlTypes;

namespace Metering.Ingest.Bench.EndToEnd;

/// <summary>COPY into a staging table, INSERT … ON CONFLICT out of it, and the roll-up upserted by the same statement.</summary>
internal static class TypedStore
{
    private const string PrepareSql = """
        create table typed_event (
            source text not null, id text not null, type text not null, subject text not null, time timestamptz not null, data jsonb not null,
            primary key (source, id));
        create table typed_hour (
            subject text not null, model text not null, hour timestamptz not null, count bigint not null, tokens numeric not null,
            primary key (subject, model, hour))
        """;

    private const string StagingSql = """
        create temp table if not exists staging (
            source text, id text, type text, subject text, time timestamptz, data jsonb) on commit delete rows
        """;

    private const string CopySql = "copy staging (source, id, type, subject, time, data) from stdin (format binary)";

    private const string MoveSql = """
        with added as (
            insert into typed_event (source, id, type, subject, time, data)
            select source, id, type, subject, time, data from staging order by source, id
            on conflict do nothing
            returning subject, data, time)
        insert into typed_hour (subject, model, hour, count, tokens)
        select subject, data ->> 'model', date_trunc('hour', time), count(*), sum((data ->> 'total_tokens')::numeric)
        from added
        group by 1, 2, 3
        order by 1, 2, 3
        on conflict (subject, model, hour) do update
        set count = typed_hour.count + excluded.count, tokens = typed_hour.tokens + excluded.tokens
        """;

    public static async Task PrepareAsync(NpgsqlDataSource source)
    {
        await using var command = source.CreateCommand(PrepareSql);
        await command.ExecuteNonQueryAsync();
    }

    public static async Task<long> CountAsync(NpgsqlDataSource source)
    {
        await using var command = source.CreateCommand("select coalesce(sum(count), 0)::bigint from typed_hour");
        return (long)(await command.ExecuteScalarAsync())!;
    }

    public static async Task WriteAsync(NpgsqlDataSource source, TypedEvent[] events, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await ExecuteAsync(connection, StagingSql, cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using (var copy = await connection.BeginBinaryImportAsync(CopySql, cancellationToken))
        {
            foreach (var item in events)
            {
                await copy.StartRowAsync(cancellationToken);
                await copy.WriteAsync(item.Source, NpgsqlDbType.Text, cancellationToken);
                await copy.WriteAsync(item.Id, NpgsqlDbType.Text, cancellationToken);
                await copy.WriteAsync(item.Type, NpgsqlDbType.Text, cancellationToken);
                await copy.WriteAsync(item.Subject, NpgsqlDbType.Text, cancellationToken);
                await copy.WriteAsync(item.Time.UtcDateTime, NpgsqlDbType.TimestampTz, cancellationToken);
                await copy.WriteAsync(JsonSerializer.Serialize(item.Data, TypedEvent.Json), NpgsqlDbType.Jsonb, cancellationToken);
            }

            await copy.CompleteAsync(cancellationToken);
        }

        await ExecuteAsync(connection, MoveSql, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
