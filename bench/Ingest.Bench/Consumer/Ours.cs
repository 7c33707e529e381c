using Metering.Ingest.Events;
using Metering.Ingest.Meters;
using Metering.Ingest.Recording;
using Metering.Platform.Database;
using NodaTime;
using Npgsql;

namespace Metering.Ingest.Bench.Consumer;

/// <summary>The product's: keys, events and deltas of two meters, deduplicated.</summary>
internal sealed class Ours : RecordingWay
{
    private BatchWriter? writer;

    public override string Name => "ours: dedupe, event, roll-up deltas, message";

    public override async Task PrepareAsync(NpgsqlDataSource source, CancellationToken cancellationToken)
    {
        await ExecuteAsync(
            source, "truncate ingest.recorded_event, ingest.event_key, ingest.usage_delta, ingest.batch, platform.outbox", cancellationToken);

        // A process keeps its memory from batch to batch and not from round to round.
        writer = new BatchWriter(new MeteringDatabase(source), SystemClock.Instance);
    }

    public override Task WriteAsync(NpgsqlDataSource source, UsageEvent[] batch, CancellationToken cancellationToken) =>
        writer!.WriteAsync(batch, cancellationToken);

    /// <summary>Tokens by model, and requests: what an AI gateway bills.</summary>
    public static Task AddMetersAsync(NpgsqlDataSource source, CancellationToken cancellationToken) => ExecuteAsync(source, $$"""
        insert into ingest.meter (id, slug, metadata, aggregation, event_type, value_property, group_by, created_at, updated_at)
        values (gen_random_uuid(), 'tokens', '{}', 'SUM', '{{EventGenerator.EventType}}', '$.total_tokens', '{"model": "$.model"}', now(), now()),
               (gen_random_uuid(), 'requests', '{}', 'COUNT', '{{EventGenerator.EventType}}', null, '{}', now(), now());
        update ingest.meter_version set version = version + 1;
        """, cancellationToken);
}
