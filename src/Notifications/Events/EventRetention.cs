using Metering.Platform.Database;
using NodaTime;

namespace Metering.Notifications.Events;

/// <summary>What was delivered or given up long ago is forgotten, so that the log of deliveries does not grow for ever.</summary>
internal sealed class EventRetention(MeteringDatabase database)
{
    private const int BatchSize = 1_000;
    public static readonly Duration Kept = Duration.FromDays(90);

    public async Task ForgetAsync(Instant now, CancellationToken cancellationToken)
    {
        int forgotten;
        do
        {
            await using var session = await database.BeginAsync(cancellationToken);
            forgotten = await session.ExecuteAsync(ForgetSql, new { before = now - Kept, BatchSize }, cancellationToken);
            await session.CommitAsync(cancellationToken);
        }
        while (forgotten == BatchSize);
    }

    private const string ForgetSql = """
        delete from notifications.event
        where id in (
            select e.id
            from notifications.event e
            where e.created_at < @before
              and not exists (select from notifications.delivery d where d.event_id = e.id and d.next_attempt_at is not null)
            order by e.created_at
            limit @BatchSize
        )
        """;
}
