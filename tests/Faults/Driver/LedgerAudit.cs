using System.Collections.Immutable;
using Npgsql;

namespace Metering.Faults.Driver;

/// <summary>What the ledger holds of one driver's source, read beside the product: the product must not be its own witness.</summary>
internal sealed class LedgerAudit(string connectionString, string source)
{
    private const int MaxReadings = 600;
    private static readonly TimeSpan ReadingPause = TimeSpan.FromMilliseconds(200);

    /// <summary>Returns when that many events and conflicts are stored, or when they have not come for a long time.</summary>
    public async Task SettledAsync(int events, int conflicts, CancellationToken cancellationToken)
    {
        for (var reading = 0; reading < MaxReadings; reading++)
        {
            var stored = await CountAsync("select count(*) from ingest.event where source = $1", cancellationToken);
            if (stored >= events && await CountAsync("select count(*) from ingest.event_conflict where source = $1", cancellationToken) >= conflicts)
            {
                return;
            }

            await Task.Delay(ReadingPause, cancellationToken);
        }
    }

    /// <summary>Id, tokens and whether it is marked, of every event that is stored.</summary>
    public async Task<ImmutableArray<(string Id, int? Tokens, bool Marked)>> EventsAsync(CancellationToken cancellationToken)
    {
        var events = ImmutableArray.CreateBuilder<(string, int?, bool)>();
        await foreach (var row in RowsAsync(
            "select id, (data::jsonb ->> 'total_tokens')::int, validation_error is not null from ingest.event where source = $1", cancellationToken))
        {
            events.Add((row.GetString(0), row.IsDBNull(1) ? null : row.GetInt32(1), row.GetBoolean(2)));
        }

        return events.ToImmutable();
    }

    /// <summary>Id and tokens of what came under a known id with other content.</summary>
    public async Task<ImmutableArray<(string Id, int? Tokens)>> ConflictsAsync(CancellationToken cancellationToken)
    {
        var conflicts = ImmutableArray.CreateBuilder<(string, int?)>();
        await foreach (var row in RowsAsync(
            "select id, (data::jsonb ->> 'total_tokens')::int from ingest.event_conflict where source = $1", cancellationToken))
        {
            conflicts.Add((row.GetString(0), row.IsDBNull(1) ? null : row.GetInt32(1)));
        }

        return conflicts.ToImmutable();
    }

    public Task<long> RejectedAsync(CancellationToken cancellationToken) =>
        CountAsync("select count(*) from ingest.rejected_event where source = $1", cancellationToken);

    private async IAsyncEnumerable<NpgsqlDataReader> RowsAsync(
        string sql, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var connections = NpgsqlDataSource.Create(connectionString);
        await using var command = connections.CreateCommand(sql);
        command.Parameters.AddWithValue(source);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            yield return reader;
        }
    }

    private async Task<long> CountAsync(string sql, CancellationToken cancellationToken)
    {
        await foreach (var row in RowsAsync(sql, cancellationToken))
        {
            return row.GetInt64(0);
        }

        throw new InvalidOperationException($"No row came of: {sql}");
    }
}
