using System.Diagnostics;
using Metering.Invoicing.Ledger;
using Metering.Platform.Database;
using Npgsql;

namespace Metering.Ledger.Bench;

/// <summary>Posts so many transactions by so many writers in batches of one size, on a ledger of its own, with all that guards it.</summary>
internal static class PostingRun
{
    /// <returns>Seconds, from the first transaction that is made to the last commit.</returns>
    public static async Task<double> RunAsync(
        NpgsqlDataSource source, Postings postings, long transactions, int batch, int writers, CancellationToken cancellationToken)
    {
        var database = new MeteringDatabase(source);
        var next = 0L;
        var started = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, writers).Select(_ => Task.Run(WriteAsync, cancellationToken)));
        return Stopwatch.GetElapsedTime(started).TotalSeconds;

        async Task WriteAsync()
        {
            while (Interlocked.Add(ref next, batch) is var end && end - batch < transactions)
            {
                LedgerTransaction[] made = [.. Enumerable.Range(0, batch).Select(i => postings.Make(end - batch + i))];
                await using var session = await database.BeginAsync(cancellationToken);
                await GeneralLedger.PostAsync(session, made, Postings.Start, cancellationToken);
                await session.CommitAsync(cancellationToken);
            }
        }
    }
}
