using Metering.Ingest.Events;
using Npgsql;

namespace Metering.Ingest.Bench.Consumer;

/// <summary>The simplest: one INSERT … ON CONFLICT DO NOTHING per event, each its own transaction; no roll-up at all.</summary>
internal sealed class SingleInserts : RecordingWay
{
    public override string Name => "one INSERT … ON CONFLICT per event";

    public override double Share => 0.02;

    public override Task PrepareAsync(NpgsqlDataSource source, CancellationToken cancellationToken) => ExecuteAsync(source, """
        drop table if exists single_event;
        create table single_event (
            source text not null, id text not null, time timestamptz not null, type text not null, subject text not null, data jsonb,
            primary key (source, id))
        """, cancellationToken);

    public override async Task WriteAsync(NpgsqlDataSource source, UsageEvent[] batch, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await using var command = new NpgsqlCommand(InsertSql, connection);
        for (var i = 0; i < 6; i++)
        {
            command.Parameters.Add(new NpgsqlParameter());
        }

        command.Parameters[5].NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Jsonb;
        foreach (var usageEvent in batch)
        {
            command.Parameters[0].Value = usageEvent.Source;
            command.Parameters[1].Value = usageEvent.Id;
            command.Parameters[2].Value = usageEvent.Time.ToDateTimeUtc();
            command.Parameters[3].Value = usageEvent.Type;
            command.Parameters[4].Value = usageEvent.Subject;
            command.Parameters[5].Value = System.Text.Encoding.UTF8.GetString(usageEvent.Data.Span);
            await command.ExecuteNonQueryAsync(cancellationToken);
        }
    }

    private const string InsertSql = """
        insert into single_event (source, id, time, type, subject, data)
        values ($1, $2, $3, $4, $5, $6)
        on conflict do nothing
        """;
}
