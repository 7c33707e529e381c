using Metering.Platform.Clock;
using Metering.Platform.Database;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Metering.Platform.Messaging;

/// <summary>
/// Sends what the outbox holds, oldest first. A message that fails is kept with its error and tried again, ever more
/// slowly; it does not hold up the others.
/// </summary>
public sealed class OutboxDispatcher(MeteringDatabase database, IMessageTransport transport, ILogger<OutboxDispatcher> logger)
    : BackgroundService, IDrain
{
    private const int BatchSize = 100;
    private const int ResendAfterSeconds = 60;
    private static readonly TimeSpan IdleDelay = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan FailureDelay = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan DrainLimit = TimeSpan.FromSeconds(60);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            var delay = IdleDelay;
            try
            {
                delay = await SendBatchAsync(stoppingToken) == BatchSize ? TimeSpan.Zero : IdleDelay;
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                delay = FailureDelay;
                logger.OutboxNotReadable(exception, delay);
            }

            await Task.Delay(delay, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    public async Task DrainAsync(CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(DrainLimit);
        while (await IsOpenAsync(limit.Token))
        {
            await SendBatchAsync(limit.Token);
            await Task.Delay(TimeSpan.FromMilliseconds(10), limit.Token);
        }
    }

    /// <summary>A row is locked while it is sent, so that several processes share the work.</summary>
    private async Task<int> SendBatchAsync(CancellationToken cancellationToken)
    {
        await using var session = await database.BeginAsync(cancellationToken);
        var rows = await session.QueryAsync<OutboxRow>(TakeSql, new { BatchSize, ResendAfterSeconds }, cancellationToken);
        foreach (var row in rows)
        {
            await SendOneAsync(row, session, cancellationToken);
        }

        await session.CommitAsync(cancellationToken);
        return rows.Count;
    }

    private async Task SendOneAsync(OutboxRow row, DbSession session, CancellationToken cancellationToken)
    {
        try
        {
            // Marked after sending: a crash in between sends twice, which the inbox makes harmless.
            await transport.SendAsync(new OutboxEnvelope(row.MessageId, row.Type, row.Payload), cancellationToken);
            await session.ExecuteAsync(SentSql, new { row.Id }, cancellationToken);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            logger.MessageFailed(exception, row.MessageId, row.Type, row.Attempts + 1);
            await session.ExecuteAsync(FailedSql, new { row.Id, error = exception.Message }, cancellationToken);
        }
    }

    private async Task<bool> IsOpenAsync(CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(cancellationToken);
        return await session.SingleAsync<bool>(OpenSql, null, cancellationToken);
    }

    private const string TakeSql = """
        select id, message_id as messageId, type, payload, attempts
        from platform.outbox
        where completed_at is null
          and (dispatched_at is null or dispatched_at < now() - make_interval(secs => @ResendAfterSeconds))
          and (retry_at is null or retry_at <= now())
        order by id
        limit @BatchSize
        for update skip locked
        """;

    private const string SentSql = "update platform.outbox set dispatched_at = now(), attempts = attempts + 1 where id = @Id";

    private const string FailedSql = """
        update platform.outbox
        set attempts = attempts + 1,
            last_error = left(@error, 500),
            retry_at = now() + make_interval(secs => least(300, power(2, least(attempts, 8))))
        where id = @Id
        """;

    // A message that has failed is no longer waited for: it is visible with its error instead.
    private const string OpenSql = "select exists (select from platform.outbox where completed_at is null and last_error is null)";

    private sealed record OutboxRow(long Id, Guid MessageId, string Type, string Payload, int Attempts);
}
