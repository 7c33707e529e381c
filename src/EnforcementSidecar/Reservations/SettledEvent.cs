using System.Buffers;
using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Metering.Contracts.Sidecar;
using Metering.EnforcementSidecar.Identifiers;
using Metering.EnforcementSidecar.Json;

namespace Metering.EnforcementSidecar.Reservations;

/// <summary>
/// The usage event of a reservation. What was reserved and used stands beside its data, so that whoever ships the event can settle the quotas,
/// and whoever reads it later sees what became of the reservation.
/// </summary>
internal static class SettledEvent
{
    public const string Source = "metering-sidecar";
    private const string ReservedAttribute = "meteringreserved";
    private const string UsedAttribute = "meteringused";
    private const string OverrunAttribute = "meteringoverrun";
    private const string PoolAttribute = "meteringpool";
    private const string ApplicationProperty = "application_id";
    private const string AgentProperty = "agent_id";

    private static readonly ImmutableArray<string> CountedProperties =
        ["usage", "prompt_tokens", "completion_tokens", "total_tokens", "estimated", "orphaned"];

    /// <param name="data">What the gateway posted; undefined when nothing.</param>
    /// <param name="counted">Written into the data, where the provider's own words are missing.</param>
    /// <param name="used">Null when the reservation says nothing of units that could come back.</param>
    public static byte[] Compose(
        in Reservation reservation, string type, string subject, JsonElement data, CountedCall? counted, long? used)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(buffer);
        json.WriteStartObject();
        json.WriteString("specversion", "1.0");
        json.WriteString("id", Ulid.Format(reservation.Id));
        json.WriteString("source", Source);
        json.WriteString("type", type);
        json.WriteString("subject", subject);
        json.WriteString("time", InstantConverter.Format(Ulid.TimeOf(reservation.Id)));
        if (used is { } units)
        {
            WriteUsed(json, reservation, units);
        }

        var named = reservation.ApplicationId is not null || reservation.AgentId is not null;
        if (named || counted is not null || data.ValueKind == JsonValueKind.Object)
        {
            json.WriteString("datacontenttype", "application/json");
            json.WritePropertyName("data");
            if (named || counted is not null)
            {
                WriteData(json, reservation, data, counted);
            }
            else
            {
                data.WriteTo(json);
            }
        }

        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>What a shipped event settles; nothing when it took from no quota.</summary>
    public static IEnumerable<ReservationSettlement> SettlementsOf(byte[] payload)
    {
        if (payload.AsSpan().IndexOf("\"meteringpool\""u8) < 0)
        {
            return [];
        }

        using var json = JsonDocument.Parse(payload);
        return Ulid.TryParse(json.RootElement.GetProperty("id").GetString(), out var id)
            && json.RootElement.TryGetProperty(UsedAttribute, out var text)
            && long.TryParse(text.GetString(), NumberStyles.None, CultureInfo.InvariantCulture, out var used)
            && json.RootElement.TryGetProperty(ReservedAttribute, out var taken)
            && long.TryParse(taken.GetString(), NumberStyles.None, CultureInfo.InvariantCulture, out var reserved)
            && json.RootElement.TryGetProperty(PoolAttribute, out var pools)
                ? SettlementsOf(id, [.. QuotasIn(pools.GetString()!)], reserved, used)
                : [];
    }

    /// <summary>
    /// Every entitlement is settled by the whole use. Where a reservation was extended into another period, the earlier one is filled first.
    /// </summary>
    /// <param name="reserved">All units of the reservation.</param>
    public static IEnumerable<ReservationSettlement> SettlementsOf(UInt128 id, ImmutableArray<ReservedQuota> quotas, long reserved, long used)
    {
        var (text, at) = (Ulid.Format(id), Ulid.TimeOf(id));
        foreach (var entitlement in quotas.IsDefault ? [] : quotas.GroupBy(quota => quota.EntitlementId).Select(group => group.ToArray()))
        {
            var left = entitlement[0].IsCredit ? WorthOf(used, reserved, entitlement.Sum(quota => quota.Units)) : used;
            for (var i = 0; i < entitlement.Length; i++)
            {
                var mine = i + 1 == entitlement.Length ? left : Math.Min(left, entitlement[i].Units);
                left -= mine;
                yield return new ReservationSettlement(
                    text, entitlement[i].EntitlementId, entitlement[i].PeriodStart, at, entitlement[i].Units, mine);
            }
        }
    }

    /// <summary>Rounded up, as the price of the whole was.</summary>
    private static long WorthOf(long used, long reserved, long money) => reserved == 0
        ? 0
        : (long)Math.Min(long.MaxValue, decimal.Ceiling((decimal)used * money / reserved));

    private static IEnumerable<ReservedQuota> QuotasIn(string text)
    {
        foreach (var part in text.Split(' '))
        {
            if (QuotaText.TryParse(part, out var quota))
            {
                yield return quota;
            }
        }
    }

    /// <summary>As text: an integer of a CloudEvent has 32 bits.</summary>
    private static void WriteUsed(Utf8JsonWriter json, in Reservation reservation, long used)
    {
        json.WriteString(ReservedAttribute, reservation.Units.ToString(CultureInfo.InvariantCulture));
        json.WriteString(UsedAttribute, used.ToString(CultureInfo.InvariantCulture));
        if (used > reservation.Units)
        {
            json.WriteString(OverrunAttribute, (used - reservation.Units).ToString(CultureInfo.InvariantCulture));
        }

        if (!reservation.Quotas.IsDefaultOrEmpty)
        {
            json.WriteString(PoolAttribute, string.Join(' ', reservation.Quotas.Select(quota => QuotaText.Format(quota))));
        }
    }

    /// <summary>Who used it is what the key said, whatever the gateway says.</summary>
    private static void WriteData(Utf8JsonWriter json, in Reservation reservation, JsonElement data, CountedCall? counted)
    {
        json.WriteStartObject();
        var named = reservation.ApplicationId is not null || reservation.AgentId is not null;
        foreach (var property in data.ValueKind == JsonValueKind.Object ? data.EnumerateObject() : default)
        {
            if ((!named || property.Name is not (ApplicationProperty or AgentProperty))
                && (counted is null || !CountedProperties.Contains(property.Name)))
            {
                property.WriteTo(json);
            }
        }

        if (counted is { } call)
        {
            WriteCounted(json, call);
        }

        if (reservation.ApplicationId is { } application)
        {
            json.WriteString(ApplicationProperty, application);
        }

        if (reservation.AgentId is { } agent)
        {
            json.WriteString(AgentProperty, agent);
        }

        json.WriteEndObject();
    }

    /// <summary>Once as a provider reports it, and once as fields, which is where meters of other events look.</summary>
    private static void WriteCounted(Utf8JsonWriter json, in CountedCall call)
    {
        json.WriteBoolean("estimated", true);
        if (call.Orphaned)
        {
            json.WriteBoolean("orphaned", true);
        }

        json.WriteStartObject("usage");
        WriteCounts(json, call);
        json.WriteEndObject();
        WriteCounts(json, call);
    }

    private static void WriteCounts(Utf8JsonWriter json, in CountedCall call)
    {
        json.WriteNumber("prompt_tokens", call.PromptTokens);
        json.WriteNumber("completion_tokens", call.OutputTokens);
        json.WriteNumber("total_tokens", call.PromptTokens + call.OutputTokens);
    }
}
