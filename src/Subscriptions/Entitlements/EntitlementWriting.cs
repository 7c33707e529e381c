using System.Collections.Immutable;
using Metering.Platform.Database;
using Metering.Platform.Identifiers;
using Metering.Subscriptions.Customers;
using Metering.Subscriptions.Entitlements.Grants;
using Metering.Subscriptions.Features;
using Metering.Subscriptions.Plans;
using Metering.Subscriptions.Wire;
using NodaTime;

namespace Metering.Subscriptions.Entitlements;

/// <summary>The rows behind a customer's own entitlement.</summary>
internal static class EntitlementWriting
{
    /// <summary>The feature that a body names; archived ones are found by id.</summary>
    public static async Task<FeatureRow?> FeatureOfAsync(DbSession session, EntitlementBody body, CancellationToken cancellationToken) =>
        (body.FeatureId ?? body.FeatureKey) is { } named ? await FeatureRow.FindAsync(session, named, cancellationToken) : null;

    /// <param name="rollsOver">What a grant keeps at a reset when the body does not say: all, or in version 1 of the API nothing.</param>
    public static async Task<EntitlementRow> InsertAsync(
        DbSession session, CustomerRow customer, EntitlementBody body, FeatureRow feature, bool rollsOver, Instant now,
        CancellationToken cancellationToken)
    {
        var calendar = body.UsagePeriod is null ? null : body.CalendarOf(customer.Zone, now);
        var metered = body.Type == "metered";
        var id = PublicId.New(now);
        var parameters = new
        {
            id,
            customerId = customer.Id,
            featureId = feature.Id,
            featureKey = feature.Key,
            kind = body.Type,
            body.Config,
            soft = body.IsSoftLimit ?? false,
            body.Allowance,
            body.IssuePriority,
            preserveOverage = body.PreserveOverageAtReset ?? false,
            usagePeriod = calendar?.Cadence.ToString(),
            anchor = calendar?.Anchor,
            measuredFrom = metered ? body.MeasuredFrom(customer.Zone, now) : now,
            customer.TimeZone,
            rateLimits = Metadata.ToJson(body.RateLimits ?? []),
            requestLimits = Metadata.ToJson(body.RequestLimits ?? RequestLimitsBody.None),
            metadata = Metadata.ToJson(body.Metadata ?? Metadata.None),
            now,
        };
        await session.ExecuteAsync(InsertSql, parameters, cancellationToken);
        var row = (await EntitlementRow.FindAsync(session, id, cancellationToken))!;
        if (row is { IsMetered: true, Allowance: > 0m })
        {
            await session.ExecuteAsync(GrantRow.InsertSql, GrantRow.IssueOf(row, now), cancellationToken);
        }

        foreach (var grant in body.Grants is { IsDefault: false } given ? given : [])
        {
            await session.ExecuteAsync(GrantRow.InsertSql, grant.ToRow(row, customer.Zone, rollsOver, now), cancellationToken);
        }

        return row;
    }

    /// <summary>It ends now. What it was is still answered for the time before.</summary>
    public static Task EndAsync(DbSession session, EntitlementRow entitlement, Instant now, CancellationToken cancellationToken) =>
        session.ExecuteAsync(EndSql, new { entitlement.Id, now }, cancellationToken);

    private const string InsertSql = """
        insert into subscriptions.entitlement
            (id, customer_id, feature_id, feature_key, kind, config, soft, allowance, issue_priority, preserve_overage, usage_period, anchor,
             measured_from, time_zone, rate_limits, request_limits, origin, metadata, active_from, created_at, updated_at)
        values
            (@id, @customerId, @featureId, @featureKey, @kind, @Config, @soft, @Allowance, @IssuePriority, @preserveOverage, @usagePeriod, @anchor,
             @measuredFrom, @TimeZone, @rateLimits::jsonb, @requestLimits::jsonb, 'customer', @metadata::jsonb, @now, @now, @now)
        """;

    private const string EndSql = """
        update subscriptions.entitlement
        set active_to = @now, deleted_at = @now, updated_at = @now
        where id = @Id
        """;
}
