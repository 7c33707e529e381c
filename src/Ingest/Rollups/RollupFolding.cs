using System.Diagnostics;
using Metering.Ingest.Usage;
using Metering.Platform.Database;

namespace Metering.Ingest.Rollups;

/// <summary>
/// Keeps the deltas short. Takes the oldest batches, none later than the watermark, and of each cell all of its deltas of these, so that a base
/// row holds everything of its cell up to its batch: a later delta always belongs to a later batch. Many deltas are folded subject by subject
/// in slices, so that recording gets its turn between them. What has moved is cleared away at once, so that queries, which read all deltas
/// there are, find few pages.
/// </summary>
internal sealed class RollupFolding(MeteringDatabase database, UsageReader usage)
{
    /// <summary>Bounds what is folded at a time, give or take a batch.</summary>
    public const int MaxDeltas = 200_000;

    /// <summary>Bounds a statement, if subjects are alike.</summary>
    private const int SliceDeltas = 25_000;

    /// <summary>So few are read faster than they are cleared away.</summary>
    private const int WorthClearing = 5_000;

    private int uncleared;

    /// <returns>True when there may be more to fold.</returns>
    public Task<bool> FoldAsync(CancellationToken cancellationToken) => FoldAsync(_ => TimeSpan.Zero, cancellationToken);

    /// <param name="restAfter">How long to rest between two slices, by how long the first of them took.</param>
    /// <returns>True when there may be more to fold.</returns>
    public async Task<bool> FoldAsync(Func<TimeSpan, TimeSpan> restAfter, CancellationToken cancellationToken)
    {
        if (!await AnyAsync(cancellationToken))
        {
            return false;
        }

        var horizon = await HorizonAsync(cancellationToken);
        var slices = (horizon.Deltas + SliceDeltas - 1) / SliceDeltas;
        for (var slice = 0; slice < slices; slice++)
        {
            var started = Stopwatch.GetTimestamp();
            if (!await FoldSliceAsync(horizon.Batch, slice, slices, cancellationToken))
            {
                return false;
            }

            if (slice < slices - 1)
            {
                await Task.Delay(restAfter(Stopwatch.GetElapsedTime(started)), cancellationToken);
            }
        }

        await ClearAsync(horizon.Deltas, cancellationToken);
        return horizon.Deltas >= MaxDeltas;
    }

    private async Task<Horizon> HorizonAsync(CancellationToken cancellationToken)
    {
        var watermark = await usage.SettledWatermarkAsync(cancellationToken);
        await using var session = await database.OpenAsync(cancellationToken);
        return await session.SingleAsync<Horizon>(HorizonSql, new { watermark = watermark.Batch, MaxDeltas }, cancellationToken);
    }

    /// <returns>False when somebody else rearranges the rollups.</returns>
    private async Task<bool> FoldSliceAsync(long batch, int slice, int slices, CancellationToken cancellationToken)
    {
        await using var session = await database.BeginAsync(cancellationToken);
        if (!await IngestLocks.TryRearrangeAsync(session, cancellationToken))
        {
            return false;
        }

        await session.ExecuteAsync(slices == 1 ? FoldAll : FoldSlice, new { batch, slice, slices }, cancellationToken);
        await session.CommitAsync(cancellationToken);
        return true;
    }

    /// <summary>
    /// Deleted rows take room until they are vacuumed, and the server's own vacuum looks once a minute: too seldom for a table that is filled
    /// and emptied every second. Rows that an open query may still see stay; the next time finds them.
    /// </summary>
    private async Task ClearAsync(int folded, CancellationToken cancellationToken)
    {
        uncleared += folded;
        if (uncleared < WorthClearing)
        {
            return;
        }

        await using var session = await database.OpenAsync(cancellationToken);
        await session.ExecuteAsync("vacuum (skip_locked, truncate off) ingest.usage_delta", null, cancellationToken);
        uncleared = 0;
    }

    /// <summary>A look without a lock, so that an idle system stays idle.</summary>
    private async Task<bool> AnyAsync(CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(cancellationToken);
        return await session.SingleAsync<bool>("select exists (select from ingest.usage_delta)", null, cancellationToken);
    }

    private const string HorizonSql = """
        select coalesce(max(batch), 0) as batch, count(*)::int as deltas
        from (
            select batch
            from ingest.usage_delta
            where batch <= @watermark
            order by batch
            limit @MaxDeltas
        ) as oldest
        """;

    private static readonly string FoldAll = FoldSql.Of("batch <= @batch");
    private static readonly string FoldSlice = FoldSql.Of("batch <= @batch and (hashtext(subject) & 65535) % @slices = @slice");

    private sealed record Horizon(long Batch, int Deltas);
}
