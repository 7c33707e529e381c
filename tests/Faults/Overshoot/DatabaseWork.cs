using Npgsql;

namespace Metering.Faults.Overshoot;

/// <summary>What PostgreSQL has done so far, in its own words.</summary>
internal sealed record DatabaseWork(long Transactions, long RowsWritten, long WalBytes)
{
    // A backend tells its counts once a second.
    private static readonly TimeSpan CountsAreTold = TimeSpan.FromSeconds(2);

    public static async Task<DatabaseWork> ReadAsync(string connectionString, CancellationToken cancellationToken)
    {
        await Task.Delay(CountsAreTold, cancellationToken);
        await using var source = NpgsqlDataSource.Create(connectionString);
        await using var command = source.CreateCommand(
            """
            select xact_commit, tup_inserted + tup_updated + tup_deleted, (pg_current_wal_lsn() - '0/0'::pg_lsn)::bigint
            from pg_stat_database
            where datname = current_database()
            """);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return new DatabaseWork(reader.GetInt64(0), reader.GetInt64(1), reader.GetInt64(2));
    }

    public static DatabaseWork operator -(DatabaseWork after, DatabaseWork before) => new(
        after.Transactions - before.Transactions, after.RowsWritten - before.RowsWritten, after.WalBytes - before.WalBytes);

    public DatabaseWork Times(double factor) => new((long)(Transactions * factor), (long)(RowsWritten * factor), (long)(WalBytes * factor));
}
