using Metering.Platform.Clock;
using Metering.Platform.Database;

namespace Metering.Ingest.Backfills;

/// <summary>Carries out what was asked of backfills, step by step; any number of hosts may, each with a backfill of its own.</summary>
internal sealed class BackfillQueue(MeteringDatabase database, BackfillClosing closing, BackfillReverting reverting) : IDrain
{
    public async Task DrainAsync(CancellationToken cancellationToken)
    {
        while (await StepAsync(cancellationToken))
        {
        }
    }

    /// <returns>True when there may be more to do.</returns>
    public async Task<bool> StepAsync(CancellationToken cancellationToken)
    {
        await using var session = await database.BeginAsync(cancellationToken);
        if (await session.FirstOrNoneAsync<BackfillRow>(NextSql, null, cancellationToken) is not { } backfill)
        {
            return false;
        }

        await (backfill.Status == BackfillRow.Closing
            ? closing.StepAsync(session, backfill, cancellationToken)
            : reverting.StepAsync(session, backfill, cancellationToken));
        return true;
    }

    private const string NextSql = $"""
        select {BackfillRow.Columns}
        from ingest.backfill
        where status in ('closing', 'reverting')
        order by number
        limit 1
        for no key update skip locked
        """;
}
