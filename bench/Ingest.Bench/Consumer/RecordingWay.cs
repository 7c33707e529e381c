using Metering.Ingest.Events;
using Npgsql;

namespace Metering.Ingest.Bench.Consumer;

/// <summary>One way in which a batch of events can be brought into PostgreSQL.</summary>
internal abstract class RecordingWay
{
    public abstract string Name { get; }

    /// <summary>How many write at a time.</summary>
    public virtual int Writers => 2;

    /// <summary>Of the events that the others write: what is slow is measured with fewer.</summary>
    public virtual double Share => 1;

    /// <summary>Empties what the way writes to, or makes it.</summary>
    public abstract Task PrepareAsync(NpgsqlDataSource source, CancellationToken cancellationToken);

    public abstract Task WriteAsync(NpgsqlDataSource source, UsageEvent[] batch, CancellationToken cancellationToken);

    protected static async Task ExecuteAsync(NpgsqlDataSource source, string sql, CancellationToken cancellationToken)
    {
        await using var command = source.CreateCommand(sql);
        command.CommandTimeout = 600;
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
