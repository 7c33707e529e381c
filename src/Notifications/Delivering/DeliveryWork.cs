using System.Security.Cryptography;
using Metering.Notifications.Channels;
using Metering.Notifications.Events;
using Metering.Notifications.Secrets;
using Metering.Platform.Clock;
using Metering.Platform.Database;
using Metering.Platform.Identifiers;
using Microsoft.Extensions.Logging;
using NodaTime;

namespace Metering.Notifications.Delivering;

/// <summary>
/// Delivers what is due. A delivery is claimed by pushing its next attempt into the future, sent without a transaction, and written down; after
/// a crash the claim runs out and it is sent again under the same id, so a receiver may be told twice and never not at all.
/// </summary>
internal sealed class DeliveryWork(
    MeteringDatabase database, WebhookSender sender, SecretBox box, EventRetention retention, ILogger<DeliveryWork> logger) : IDueWork
{
    private const int BatchSize = 32;
    private const double ChanceSteps = 1_000_000;
    private static readonly Duration ClaimTime = Duration.FromMinutes(2);

    public async Task<Instant?> NextDueAsync(CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(cancellationToken);
        return await session.FirstOrNoneAsync<Instant?>(NextSql, null, cancellationToken);
    }

    public async Task RunDueAsync(Instant now, CancellationToken cancellationToken)
    {
        while (await ClaimAsync(now, cancellationToken) is { Count: > 0 } claimed)
        {
            await Task.WhenAll(claimed.Select(delivery => DeliverAsync(delivery, now, cancellationToken)));
        }

        await retention.ForgetAsync(now, cancellationToken);
    }

    private async Task<IReadOnlyList<ClaimedDelivery>> ClaimAsync(Instant now, CancellationToken cancellationToken)
    {
        await using var session = await database.BeginAsync(cancellationToken);
        var claimed = await session.QueryAsync<ClaimedDelivery>(
            ClaimSql, new { now, claimedUntil = now + ClaimTime, BatchSize }, cancellationToken);
        await session.CommitAsync(cancellationToken);
        return claimed;
    }

    private async Task DeliverAsync(ClaimedDelivery delivery, Instant now, CancellationToken cancellationToken)
    {
        var result = await SendAsync(delivery, cancellationToken);
        NotificationsTelemetry.Attempted(result.IsDelivered, result.Elapsed);
        var chance = RandomNumberGenerator.GetInt32((int)ChanceSteps) / ChanceSteps;
        var isOver = result.IsDelivered || result.IsGone || delivery.Disabled;
        var delay = isOver ? null : RetrySchedule.DelayAfter(delivery.Tries + 1, chance, result.RetryAfter);
        Instant? next = delay is { } wait ? ProductClock.TruncateToMicroseconds(now + wait) : null;
        await RecordAsync(delivery, result, now, next, cancellationToken);
        Tell(delivery, result, next);
    }

    private async Task<AttemptResult> SendAsync(ClaimedDelivery delivery, CancellationToken cancellationToken)
    {
        if (delivery.Disabled)
        {
            return AttemptResult.NotSent("the channel is disabled");
        }

        return ChannelRow.OpenSecrets(delivery.Sealed, box) is { } secrets
            ? await sender.SendAsync(delivery.Url, secrets, PublicId.Format(delivery.EventId), delivery.Payload, cancellationToken)
            : AttemptResult.NotSent("the channel's secret can not be opened with this server's key; set another");
    }

    /// <summary>Whoever resent or deleted in the meantime has the last word: only the claim that was made here is ended here.</summary>
    private async Task RecordAsync(
        ClaimedDelivery delivery, AttemptResult result, Instant now, Instant? next, CancellationToken cancellationToken)
    {
        var parameters = new
        {
            delivery.Id,
            delivery.ChannelId,
            attempt = result.IsDelivered ? "SUCCESS" : "FAILED",
            state = result.IsDelivered ? "SUCCESS" : next is null ? "FAILED" : "PENDING",
            result.Reason,
            now,
            next,
            delivery.Url,
            result.StatusCode,
            result.Body,
            durationMs = (int)result.Elapsed.TotalMilliseconds,
            delivery.ClaimedUntil,
            result.IsGone,
        };
        await using var session = await database.BeginAsync(cancellationToken);
        await session.ExecuteAsync(RecordSql, parameters, cancellationToken);
        await session.CommitAsync(cancellationToken);
    }

    private void Tell(ClaimedDelivery delivery, AttemptResult result, Instant? next)
    {
        if (result.IsGone)
        {
            logger.ChannelDisabled(delivery.ChannelId);
        }

        if (next is { } at)
        {
            logger.AttemptFailed(delivery.Id, delivery.ChannelId, delivery.Tries + 1, result.Reason, at);
        }
        else if (!result.IsDelivered)
        {
            logger.DeliveryGivenUp(delivery.Id, delivery.ChannelId, delivery.Tries + 1, result.Reason);
        }
    }

    private const string NextSql =
        "select next_attempt_at from notifications.delivery where next_attempt_at is not null order by next_attempt_at limit 1";

    private const string ClaimSql = """
        with due as (
            select id
            from notifications.delivery
            where next_attempt_at <= @now
            order by next_attempt_at, id
            limit @BatchSize
            for update skip locked
        )
        update notifications.delivery d
        set state = case when d.state = 'RESENDING' then 'RESENDING' else 'SENDING' end, next_attempt_at = @claimedUntil, updated_at = @now
        from due, notifications.channel c, notifications.event e
        where d.id = due.id and c.id = d.channel_id and e.id = d.event_id
        returning d.id, d.event_id as eventId, d.channel_id as channelId, d.tries, d.next_attempt_at as claimedUntil, c.url, c.sealed,
                  c.disabled or c.deleted_at is not null as disabled, e.payload
        """;

    private const string RecordSql = """
        insert into notifications.attempt (delivery_id, at, number, state, url, status_code, body, duration_ms)
        select @Id, @now, coalesce(max(number), 0) + 1, @attempt, @Url, @StatusCode, @Body, @durationMs
        from notifications.attempt
        where delivery_id = @Id;
        delete from notifications.attempt
        where delivery_id = @Id and number <= (select max(number) - 100 from notifications.attempt where delivery_id = @Id);
        update notifications.delivery
        set state = @state, reason = @Reason, tries = tries + 1, next_attempt_at = @next, updated_at = @now
        where id = @Id and state in ('SENDING', 'RESENDING') and next_attempt_at = @ClaimedUntil;
        update notifications.channel set disabled = true, updated_at = @now where @IsGone and id = @ChannelId
        """;

    private sealed record ClaimedDelivery(
        Guid Id, Guid EventId, Guid ChannelId, int Tries, Instant ClaimedUntil, string Url, byte[] Sealed, bool Disabled, string Payload);
}
