using System.Collections.Immutable;
using Npgsql;

namespace Metering.Faults;

/// <summary>What the database holds after a run, read beside the product: the product must not be its own witness.</summary>
internal sealed class LedgerEvidence(string connectionString)
{
    private const int MaxReadings = 300;
    private static readonly TimeSpan ReadingPause = TimeSpan.FromMilliseconds(200);

    /// <summary>What is stored once at least <paramref name="expected"/> events are, or when no more have come for a long time.</summary>
    public async Task<ImmutableArray<StoredEvent>> SettledEventsAsync(int expected, CancellationToken cancellationToken)
    {
        for (var reading = 0; reading < MaxReadings && await CountAsync("select count(*) from ingest.event", cancellationToken) < expected; reading++)
        {
            await Task.Delay(ReadingPause, cancellationToken);
        }

        return await EventsAsync(cancellationToken);
    }

    /// <summary>Everything that is stored, in no order.</summary>
    public async Task<ImmutableArray<StoredEvent>> EventsAsync(CancellationToken cancellationToken)
    {
        await using var source = NpgsqlDataSource.Create(connectionString);
        await using var command = source.CreateCommand("select id, subject, coalesce(data::jsonb ->> 'request_id', '') from ingest.event");
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var events = ImmutableArray.CreateBuilder<StoredEvent>();
        while (await reader.ReadAsync(cancellationToken))
        {
            events.Add(new StoredEvent(reader.GetString(0), reader.GetString(1), reader.GetString(2)));
        }

        return events.ToImmutable();
    }

    /// <summary>Events kept aside: refused, or in conflict with what was recorded before.</summary>
    public async Task<long> AsideAsync(CancellationToken cancellationToken) => await CountAsync(
        "select (select count(*) from ingest.rejected_event) + (select count(*) from ingest.event_conflict)", cancellationToken);

    /// <summary>Pools in which the leases do not add up to what the pool says, or in which a hard cap does not hold.</summary>
    public async Task<long> BrokenPoolsAsync(CancellationToken cancellationToken) => await CountAsync(
        """
        select count(*)
        from subscriptions.pool p
        cross join lateral (
            select coalesce(sum(l.spent), 0) as spent, coalesce(sum(l.held), 0) as held
            from subscriptions.lease l
            where l.pool_id = p.id
        ) l
        where p.settled <> l.spent or p.held <> l.held or (p.hard and p.settled + p.held > p.cap)
        """, cancellationToken);

    /// <summary>Of the one hard limit of a customer.</summary>
    public async Task<(long Cap, long Settled, long Held)> PoolAsync(string customerKey, CancellationToken cancellationToken)
    {
        await using var source = NpgsqlDataSource.Create(connectionString);
        await using var command = source.CreateCommand(
            """
            select p.cap, p.settled, p.held
            from subscriptions.pool p
            join subscriptions.entitlement e on e.id = p.entitlement_id
            join subscriptions.customer c on c.id = e.customer_id
            where c.key = $1 and p.hard
            """);
        command.Parameters.AddWithValue(customerKey);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken)
            ? (reader.GetInt64(0), reader.GetInt64(1), reader.GetInt64(2))
            : throw new InvalidOperationException($"{customerKey} has no pool of a hard limit.");
    }

    private async Task<long> CountAsync(string sql, CancellationToken cancellationToken)
    {
        await using var source = NpgsqlDataSource.Create(connectionString);
        await using var command = source.CreateCommand(sql);
        return (long)(await command.ExecuteScalarAsync(cancellationToken))!;
    }
}

/// <summary>A stored event, whose it is, and the gateway's id of the request that it meters; empty when no gateway made it.</summary>
internal sealed record StoredEvent(string Id, string Subject, string RequestId);
