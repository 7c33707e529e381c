using Metering.Ingest.Usage;
using Metering.Platform.Database;

namespace Metering.Ingest.Rollups;

/// <summary>
/// Keeps the deltas short. Takes the oldest batches whole, none later than the watermark, so that a base row holds everything of
/// its cell up to its batch: a later delta always belongs to a later batch.
/// </summary>
internal sealed class RollupFolding(MeteringDatabase database, UsageReader usage)
{
    public const int MaxDeltas = 50_000;

    /// <returns>True when there may be more to fold.</returns>
    public async Task<bool> FoldAsync(CancellationToken cancellationToken)
    {
        if (!await AnyAsync(cancellationToken))
        {
            return false;
        }

        var watermark = await usage.CurrentWatermarkAsync(cancellationToken);
        await using var session = await database.BeginAsync(cancellationToken);
        if (!await IngestLocks.TryRearrangeAsync(session, cancellationToken))
        {
            return false;
        }

        var horizon = await session.SingleAsync<long?>(HorizonSql, new { watermark = watermark.Batch, MaxDeltas }, cancellationToken);
        if (horizon is null)
        {
            return false;
        }

        await session.ExecuteAsync(Fold, new { horizon }, cancellationToken);
        await session.CommitAsync(cancellationToken);
        return horizon < watermark.Batch;
    }

    /// <summary>A look without a lock, so that an idle system stays idle.</summary>
    private async Task<bool> AnyAsync(CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(cancellationToken);
        return await session.SingleAsync<bool>("select exists (select from ingest.usage_delta)", null, cancellationToken);
    }

    private const string HorizonSql = """
        select max(batch)
        from (
            select batch
            from ingest.usage_delta
            where batch <= @watermark
            order by batch
            limit @MaxDeltas
        ) as oldest
        """;

    private static readonly string Fold = FoldSql.Of("batch <= @horizon");
}
