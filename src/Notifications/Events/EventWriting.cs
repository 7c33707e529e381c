using System.Buffers;
using System.Text;
using System.Text.Json;
using Metering.Notifications.Rules;
using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.Identifiers;
using Metering.Subscriptions.Wire;
using NodaTime;

namespace Metering.Notifications.Events;

/// <summary>Writes what happened and to whom it has to go, in the caller's transaction.</summary>
internal static class EventWriting
{
    /// <summary>Deliveries are due at once, to those of the rule's channels that are not disabled.</summary>
    public static async Task<Guid> AddAsync(
        DbSession session, RuleRow rule, EventContent content, Instant now, CancellationToken cancellationToken)
    {
        var id = PublicId.New(now);
        var parameters = new
        {
            id, rule.Type, now, ruleId = rule.Id, rule = Metadata.ToJson(rule.ToView()), payload = PayloadOf(id, rule.Type, content.Data, now),
            content.CustomerId, content.FeatureId, content.FeatureKey, content.Subject,
        };
        await session.ExecuteAsync(InsertSql, parameters, cancellationToken);
        var channels = await session.QueryAsync<Guid>(ChannelsSql, new { rule.Id }, cancellationToken);
        foreach (var channelId in channels)
        {
            await session.ExecuteAsync(DeliverySql, new { deliveryId = PublicId.New(now), id, channelId, now }, cancellationToken);
        }

        NotificationsTelemetry.Made(rule.Type);
        return id;
    }

    /// <summary>The text that is signed and sent, byte for byte, at every attempt.</summary>
    private static string PayloadOf(Guid id, string type, string data, Instant now)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("id", PublicId.Format(id));
            json.WriteString("type", type);
            json.WriteString("timestamp", InstantConverter.Format(now));
            json.WritePropertyName("data");
            json.WriteRawValue(data);
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private const string InsertSql = """
        insert into notifications.event (id, type, created_at, rule_id, rule, payload, customer_id, feature_id, feature_key, subject)
        values (@id, @Type, @now, @ruleId, @rule::jsonb, @payload, @CustomerId, @FeatureId, @FeatureKey, @Subject)
        """;

    private const string ChannelsSql = """
        select c.id
        from notifications.rule_channel rc
        join notifications.channel c on c.id = rc.channel_id
        where rc.rule_id = @Id and not c.disabled and c.deleted_at is null
        order by rc.position
        """;

    private const string DeliverySql = """
        insert into notifications.delivery (id, event_id, channel_id, state, reason, tries, next_attempt_at, updated_at)
        values (@deliveryId, @id, @channelId, 'PENDING', '', 0, @now, @now)
        """;
}
