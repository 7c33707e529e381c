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
    private const int ClaimSeconds = 15;
    private const int MaxDelaySeconds = 300;
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

    /// <summary>
    /// Claims a batch by pushing its next attempt into the future, then sends without holding a lock: handlers complete the
    /// same rows in transactions of their own. After a crash the claim runs out and the message is sent again.
    /// </summary>
    private async Task<int> SendBatchAsync(CancellationToken cancellationToken)
    {
        var rows = await ClaimAsync(cancellationToken);
        foreach (var row in rows)
        {
            await SendOneAsync(row, cancellationToken);
        }

        return rows.Count;
    }

    private async Task<IReadOnlyList<OutboxRow>> ClaimAsync(CancellationToken cancellationToken)
    {
        await using var session = await database.BeginAsync(cancellationToken);
        var rows = await session.QueryAsync<OutboxRow>(ClaimSql, new { BatchSize, ClaimSeconds, MaxDelaySeconds }, cancellationToken);
        await session.CommitAsync(cancellationToken);
        return [.. rows.OrderBy(row => row.Id)];
    }

    private async Task SendOneAsync(OutboxRow row, CancellationToken cancellationToken)
    {
        try
        {
            await transport.SendAsync(new OutboxEnvelope(row.MessageId, row.Type, row.Payload), cancellationToken);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            logger.MessageFailed(exception, row.MessageId, row.Type, row.Attempts);
            await using var session = await database.OpenAsync(cancellationToken);
            await session.ExecuteAsync(FailedSql, new { row.Id, error = exception.Message, MaxDelaySeconds }, cancellationToken);
        }
    }

    private async Task<bool> IsOpenAsync(CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(cancellationToken);
        return await session.SingleAsync<bool>(OpenSql, null, cancellationToken);
    }

    private const string ClaimSql = """
        update platform.outbox
        set attempts = attempts + 1,
            next_attempt_at = now() + make_interval(secs => least(@MaxDelaySeconds, @ClaimSeconds * power(2, least(attempts, 8))))
        where id in (
            select id
            from platform.outbox
            where completed_at is null and next_attempt_at <= now()
            order by id
            limit @BatchSize
            for update skip locked)
        returning id, message_id as messageId, type, payload, attempts
        """;

    private const string FailedSql = """
        update platform.outbox
        set last_error = left(@error, 500),
            next_attempt_at = now() + make_interval(secs => least(@MaxDelaySeconds, power(2, least(attempts, 8))))
        where id = @Id and completed_at is null
        """;

    // A message that has failed is no longer waited for: it is visible with its error instead.
    private const string OpenSql = "select exists (select from platform.outbox where completed_at is null and last_error is null)";

    private sealed record OutboxRow(long Id, Guid MessageId, string Type, string Payload, int Attempts);
}
