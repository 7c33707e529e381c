using Metering.Ingest.Events;
using Metering.Platform.Database;
using Npgsql;
using NpgsqlTypes;

namespace Metering.Ingest.Bench.Consumer;

/// <summary>What is usually built: COPY into a staging table, INSERT … ON CONFLICT from there, and the roll-up added up in SQL.</summary>
internal sealed class StagingUpsert : RecordingWay
{
    public override string Name => "staging table, ON CONFLICT, roll-up upsert in SQL";

    public override double Share => 0.5;

    public override Task PrepareAsync(NpgsqlDataSource source, CancellationToken cancellationToken) => ExecuteAsync(source, """
        drop table if exists staged_event, staged_tokens, staged_requests;
        create table staged_event (
            source text not null, id text not null, time timestamptz not null, type text not null, subject text not null, data jsonb,
            primary key (source, id));
        create table staged_tokens (
            subject text not null, hour timestamptz not null, model text not null, tokens numeric not null, primary key (subject, hour, model));
        create table staged_requests (subject text not null, hour timestamptz not null, requests bigint not null, primary key (subject, hour))
        """, cancellationToken);

    public override async Task WriteAsync(NpgsqlDataSource source, UsageEvent[] batch, CancellationToken cancellationToken)
    {
        await using var session = await new MeteringDatabase(source).BeginAsync(cancellationToken);
        await session.ExecuteAsync("create temp table if not exists staging (like staged_event) on commit delete rows", null, cancellationToken);
        await using (var import = await session.Connection.BeginBinaryImportAsync(
            "copy staging (source, id, time, type, subject, data) from stdin (format binary)", cancellationToken))
        {
            foreach (var usageEvent in batch)
            {
                await import.StartRowAsync(cancellationToken);
                await import.WriteAsync(usageEvent.Source, NpgsqlDbType.Text, cancellationToken);
                await import.WriteAsync(usageEvent.Id, NpgsqlDbType.Text, cancellationToken);
                await import.WriteAsync(usageEvent.Time.ToDateTimeUtc(), NpgsqlDbType.TimestampTz, cancellationToken);
                await import.WriteAsync(usageEvent.Type, NpgsqlDbType.Text, cancellationToken);
                await import.WriteAsync(usageEvent.Subject, NpgsqlDbType.Text, cancellationToken);
                await import.WriteAsync(System.Text.Encoding.UTF8.GetString(usageEvent.Data.Span), NpgsqlDbType.Jsonb, cancellationToken);
            }

            await import.CompleteAsync(cancellationToken);
        }

        await session.ExecuteAsync(UpsertSql, null, cancellationToken);
        await session.CommitAsync(cancellationToken);
    }

    // In one order everywhere, so that two writers do not deadlock on the roll-ups.
    private const string UpsertSql = """
        with added as (
            insert into staged_event (source, id, time, type, subject, data)
            select source, id, time, type, subject, data
            from staging
            order by source, id
            on conflict do nothing
            returning subject, time, data
        ), tokens as (
            insert into staged_tokens as t (subject, hour, model, tokens)
            select subject, date_trunc('hour', time), data ->> 'model', sum((data ->> 'total_tokens')::numeric)
            from added
            group by 1, 2, 3
            order by 1, 2, 3
            on conflict (subject, hour, model) do update set tokens = t.tokens + excluded.tokens
        )
        insert into staged_requests as r (subject, hour, requests)
        select subject, date_trunc('hour', time), count(*)
        from added
        group by 1, 2
        order by 1, 2
        on conflict (subject, hour) do update set requests = r.requests + excluded.requests
        """;
}
