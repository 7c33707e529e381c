using System.Diagnostics;
using Npgsql;

namespace Metering.Ledger.Bench;

/// <summary>
/// The same rows through COPY into tables of the same columns: bare, or with the same keys and indexes. Nothing is computed, looked up, checked or
/// guarded: it is how fast the rows could be written at all.
/// </summary>
internal static class CopyRun
{
    private const string BareSql = """
        drop schema if exists copied cascade;
        create schema copied;
        create table copied.ledger_transaction as select * from invoicing.ledger_transaction with no data;
        create table copied.ledger_entry as select * from invoicing.ledger_entry with no data;
        """;

    private const string IndexedSql = """
        drop schema if exists copied cascade;
        create schema copied;
        create table copied.ledger_transaction (like invoicing.ledger_transaction including indexes);
        create table copied.ledger_entry (like invoicing.ledger_entry including indexes);
        """;

    /// <summary>What the ledger holds now is written again, in as many transactions of the database and by as many writers.</summary>
    public static async Task<double> RunAsync(
        NpgsqlDataSource source, bool indexed, long transactions, int batch, int writers, CancellationToken cancellationToken)
    {
        await using (var prepare = source.CreateCommand(indexed ? IndexedSql : BareSql))
        {
            await prepare.ExecuteNonQueryAsync(cancellationToken);
        }

        var pages = new List<(byte[] Transactions, byte[] Entries)>();
        for (var after = 0L; after < transactions; after += batch)
        {
            pages.Add((
                await ReadAsync(source, $"select t.* {PageSql(batch, after)}", cancellationToken),
                await ReadAsync(
                    source, $"select e.* from invoicing.ledger_entry e where e.transaction_id in (select t.id {PageSql(batch, after)})",
                    cancellationToken)));
        }

        var next = -1;
        var started = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, writers).Select(_ => Task.Run(WriteAsync, cancellationToken)));
        return Stopwatch.GetElapsedTime(started).TotalSeconds;

        async Task WriteAsync()
        {
            await using var connection = await source.OpenConnectionAsync(cancellationToken);
            while (Interlocked.Increment(ref next) is var page && page < pages.Count)
            {
                await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
                await CopyAsync(connection, "copied.ledger_transaction", pages[page].Transactions, cancellationToken);
                await CopyAsync(connection, "copied.ledger_entry", pages[page].Entries, cancellationToken);
                await transaction.CommitAsync(cancellationToken);
            }
        }
    }

    private static string PageSql(int batch, long after) =>
        $"from (select * from invoicing.ledger_transaction order by batch_id, id limit {batch} offset {after}) t";

    private static async Task<byte[]> ReadAsync(NpgsqlDataSource source, string sql, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await using var stream = await connection.BeginRawBinaryCopyAsync($"copy ({sql}) to stdout (format binary)", cancellationToken);
        using var kept = new MemoryStream();
        await stream.CopyToAsync(kept, cancellationToken);
        return kept.ToArray();
    }

    private static async Task CopyAsync(NpgsqlConnection connection, string table, byte[] rows, CancellationToken cancellationToken)
    {
        await using var stream = await connection.BeginRawBinaryCopyAsync($"copy {table} from stdin (format binary)", cancellationToken);
        await stream.WriteAsync(rows, cancellationToken);
    }
}
