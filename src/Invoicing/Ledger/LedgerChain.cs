using System.Buffers.Binary;
using System.Security.Cryptography;
using Metering.Platform.Database;
using NodaTime;

namespace Metering.Invoicing.Ledger;

/// <summary>Walks the chain of blocks from its beginning, and computes every hash again from what the rows say now.</summary>
/// <remarks>
/// It shows that something was changed, not who did it: whoever owns the database can compute a whole chain anew, and then its head is another than
/// the one that was exported before.
/// </remarks>
public static class LedgerChain
{
    private const int HashBytes = 32;
    private const int LeafBytes = 8 + 16 + 8 + HashBytes;

    /// <summary>So many transactions are read at a time.</summary>
    private const int PageSize = 10_000;

    /// <param name="exported">A head that was kept elsewhere; null when there is none.</param>
    public static async Task<ChainVerdict> VerifyAsync(MeteringDatabase database, ChainHead? exported, CancellationToken cancellationToken)
    {
        await using var session = await database.BeginAsync(cancellationToken);
        await session.ExecuteAsync("set transaction isolation level repeatable read, read only", null, cancellationToken);
        ChainHead? head = null;
        var previous = new BlockRow(0, 0, 0, new byte[HashBytes], new byte[HashBytes]);
        var counted = 0L;
        while (await session.FirstOrNoneAsync<BlockRow>(NextBlockSql, new { previous.Number }, cancellationToken) is { } block)
        {
            var wrong = block.Number != previous.Number + 1 ? $"Block {previous.Number + 1} is missing."
                : !block.PreviousHash.AsSpan().SequenceEqual(previous.Hash) ? $"Block {block.Number} does not follow on block {previous.Number}."
                : await FindWrongAsync(session, previous, block, cancellationToken)
                ?? (exported is not null && exported.Number == block.Number && exported.Hash != Convert.ToHexStringLower(block.Hash)
                    ? $"Block {block.Number} is another than the one that was exported." : null);
            if (wrong is not null)
            {
                return new ChainVerdict(head, counted, 0, wrong);
            }

            head = new ChainHead(block.Number, Convert.ToHexStringLower(block.Hash));
            counted += block.Transactions;
            previous = block;
        }

        if (exported is not null && exported.Number > previous.Number)
        {
            return new ChainVerdict(head, counted, 0, $"Block {exported.Number}, which was exported, is missing.");
        }

        var (behind, unsealed) = await WalkAsync(session, previous.ThroughBatch, long.MaxValue, hash: null, cancellationToken);
        return new ChainVerdict(head, counted, unsealed, behind is null ? null : $"Behind block {previous.Number}: {behind}");
    }

    private static async Task<string?> FindWrongAsync(
        DbSession session, BlockRow previous, BlockRow block, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var start = new byte[HashBytes + 16];
        previous.Hash.CopyTo(start, 0);
        BinaryPrimitives.WriteInt64BigEndian(start.AsSpan(HashBytes), block.Number);
        BinaryPrimitives.WriteInt64BigEndian(start.AsSpan(HashBytes + 8), block.ThroughBatch);
        hash.AppendData(start);
        var (wrong, count) = await WalkAsync(session, previous.ThroughBatch, block.ThroughBatch, hash, cancellationToken);
        return wrong is not null ? $"Block {block.Number}: {wrong}"
            : count != block.Transactions ? $"Block {block.Number} was sealed with {block.Transactions} transactions and has {count}."
            : !hash.GetHashAndReset().AsSpan().SequenceEqual(block.Hash) ? $"Block {block.Number} is not what was sealed."
            : null;
    }

    /// <summary>Every transaction of a stretch of batches, each held against its own hash and added to that of the block.</summary>
    private static async Task<(string? Wrong, long Count)> WalkAsync(
        DbSession session, long after, long through, IncrementalHash? hash, CancellationToken cancellationToken)
    {
        var count = 0L;
        var at = new { batch = after + 1, id = Guid.Empty };
        while (true)
        {
            var places = await session.QueryAsync<PlaceRow>(PlacesSql, new { at.batch, at.id, through, PageSize }, cancellationToken);
            var rows = await session.QueryAsync<LedgerReader.TransactionRow>(
                ContentSql, new { ids = places.Select(place => place.Id).ToArray() }, cancellationToken);
            var contents = (await LedgerReader.WithEntriesAsync(session, rows, cancellationToken)).ToDictionary(one => one.Id);
            foreach (var place in places)
            {
                var stored = contents[place.Id];
                if (!PayloadHash.Of(stored.Content).AsSpan().SequenceEqual(place.PayloadHash))
                {
                    return ($"transaction {stored.Content.Key} does not say what it said when it was posted.", count);
                }

                hash?.AppendData(Leaf(place, stored.PostedAt));
                count++;
            }

            if (places.Count < PageSize)
            {
                return (null, count);
            }

            at = new { batch = places[^1].BatchId, id = places[^1].Id };
        }
    }

    private static byte[] Leaf(PlaceRow place, Instant postedAt)
    {
        var leaf = new byte[LeafBytes];
        BinaryPrimitives.WriteInt64BigEndian(leaf, place.BatchId);
        place.Id.TryWriteBytes(leaf.AsSpan(8), bigEndian: true, out _);
        BinaryPrimitives.WriteInt64BigEndian(leaf.AsSpan(24), postedAt.ToUnixTimeTicks() / 10);
        place.PayloadHash.CopyTo(leaf, 32);
        return leaf;
    }

    private const string NextBlockSql = """
        select number, through_batch as throughBatch, transactions, previous_hash as previousHash, hash
        from invoicing.ledger_block
        where number > @Number
        order by number
        limit 1
        """;

    private const string PlacesSql = """
        select id, batch_id as batchId, payload_hash as payloadHash
        from invoicing.ledger_transaction
        where (batch_id, id) > (@batch, @id) and batch_id <= @through
        order by batch_id, id
        limit @PageSize
        """;

    private const string ContentSql = LedgerReader.TransactionRow.SelectSql + " where t.id = any(@ids)";

    private sealed record BlockRow(long Number, long ThroughBatch, int Transactions, byte[] PreviousHash, byte[] Hash);

    private sealed record PlaceRow(Guid Id, long BatchId, byte[] PayloadHash);
}
