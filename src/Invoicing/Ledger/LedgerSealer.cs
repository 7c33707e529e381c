using Metering.Platform.Database;
using NodaTime;

namespace Metering.Invoicing.Ledger;

/// <summary>
/// Seals what is posted into the chain of hashes, behind the back of those who post: no commit waits for it. A number is sealed when everybody who
/// may have taken one up to it has committed or given up.
/// </summary>
public sealed class LedgerSealer(MeteringDatabase database)
{
    /// <summary>In one block; a batch that has more is one of its own.</summary>
    private const int MaxTransactions = 10_000;

    private Mark? waitedFor;

    /// <summary>Seals what is certain by now; the rest is for the next time. Several may do this at once.</summary>
    /// <returns>How many transactions were sealed.</returns>
    public async Task<int> SealAsync(Instant now, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(cancellationToken);

        // First the last number that was taken, then, in a statement of its own, a new id of a transaction: whoever took a number up to that one
        // took a lower id before. The end of a snapshot would not do, for it lies behind the last that is over, not behind the last that began.
        var mark = waitedFor ?? new Mark(
            await session.SingleAsync<long>(LastNumberSql, null, cancellationToken),
            await session.SingleAsync<long>(NewestSql, null, cancellationToken));
        if (await session.SingleAsync<long>(OldestSql, null, cancellationToken) < mark.Newest)
        {
            waitedFor = mark;
            return 0;
        }

        waitedFor = null;
        var all = 0;
        while (await session.SingleAsync<int>(SealSql, new { mark.Upto, now, most = MaxTransactions }, cancellationToken) is var held and > 0)
        {
            all += held;
            cancellationToken.ThrowIfCancellationRequested();
        }

        return all;
    }

    private const string LastNumberSql = "select case when is_called then last_value else 0 end from invoicing.ledger_batch_number";

    private const string NewestSql = "select pg_current_xact_id()::text::bigint";

    private const string OldestSql = "select pg_snapshot_xmin(pg_current_snapshot())::text::bigint";

    private const string SealSql = "select invoicing.ledger_seal(@Upto, @now, @most)";

    private sealed record Mark(long Upto, long Newest);
}
