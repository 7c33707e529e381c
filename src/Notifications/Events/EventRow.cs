using System.Collections.Immutable;
using System.Text.Json;
using Metering.Notifications.Channels;
using Metering.Platform.Database;
using Metering.Platform.Identifiers;
using NodaTime;

namespace Metering.Notifications.Events;

/// <summary>An event as stored.</summary>
internal sealed record EventRow(Guid Id, string Type, Instant CreatedAt, string Rule, string Payload)
{
    /// <summary>Completed by a where clause on <c>e</c>.</summary>
    public const string SelectSql = "select e.id, e.type, e.created_at as createdAt, e.rule::text as rule, e.payload from notifications.event e";

    private const string ByIdSql = SelectSql + " where e.id = @id";

    public static Task<EventRow?> FindAsync(DbSession session, Guid id, CancellationToken cancellationToken) =>
        session.FirstOrNoneAsync<EventRow>(ByIdSql, new { id }, cancellationToken);

    public static async Task<ImmutableArray<EventView>> ViewsAsync(
        DbSession session, IReadOnlyList<EventRow> rows, CancellationToken cancellationToken)
    {
        Guid[] ids = [.. rows.Select(row => row.Id)];
        var deliveries = (await session.QueryAsync<DeliveryRow>(DeliveriesSql, new { ids }, cancellationToken)).ToLookup(row => row.EventId);
        var attempts = (await session.QueryAsync<AttemptRow>(AttemptsSql, new { ids }, cancellationToken)).ToLookup(row => row.DeliveryId);
        return
        [
            .. rows.Select(row => new EventView(
                PublicId.Format(row.Id), row.Type, row.CreatedAt, JsonElement.Parse(row.Rule),
                [.. deliveries[row.Id].Select(delivery => delivery.ToView(attempts[delivery.Id]))], JsonElement.Parse(row.Payload))),
        ];
    }

    private const string DeliveriesSql = """
        select id, event_id as eventId, channel_id as channelId, state, reason, next_attempt_at as nextAttemptAt, updated_at as updatedAt
        from notifications.delivery
        where event_id = any(@ids)
        order by id
        """;

    private const string AttemptsSql = """
        select a.delivery_id as deliveryId, a.at, a.state, a.url, a.status_code as statusCode, a.body, a.duration_ms as durationMs
        from notifications.attempt a
        join notifications.delivery d on d.id = a.delivery_id
        where d.event_id = any(@ids)
        order by a.delivery_id, a.number
        """;

    private sealed record DeliveryRow(
        Guid Id, Guid EventId, Guid ChannelId, string State, string Reason, Instant? NextAttemptAt, Instant UpdatedAt)
    {
        public DeliveryView ToView(IEnumerable<AttemptRow> attempts) => new(
            State, Reason, UpdatedAt, ChannelMeta.Of(ChannelId), NextAttemptAt,
            [.. attempts.Select(one => new AttemptView(
                one.State, new AttemptResponseView(one.StatusCode, one.Body, one.DurationMs, one.Url), one.At))]);
    }

    private sealed record AttemptRow(Guid DeliveryId, Instant At, string State, string Url, int? StatusCode, string Body, int DurationMs);
}

/// <summary>An event as the API shows it.</summary>
/// <param name="Rule">As it was when the event happened.</param>
internal sealed record EventView(
    string Id, string Type, Instant CreatedAt, JsonElement Rule, ImmutableArray<DeliveryView> DeliveryStatus, JsonElement Payload);

/// <summary>How far the delivery to one channel is.</summary>
internal sealed record DeliveryView(
    string State, string Reason, Instant UpdatedAt, ChannelMeta Channel, Instant? NextAttempt, ImmutableArray<AttemptView> Attempts);

internal sealed record AttemptView(string State, AttemptResponseView Response, Instant Timestamp);

/// <param name="StatusCode">Absent when nobody answered.</param>
/// <param name="Body">The beginning of the answer, or why there was none.</param>
internal sealed record AttemptResponseView(int? StatusCode, string Body, int DurationMs, string Url);
