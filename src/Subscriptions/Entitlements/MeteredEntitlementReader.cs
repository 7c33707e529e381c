using System.Collections.Immutable;
using System.Text.Json;
using Metering.Contracts.Messages;
using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.Identifiers;
using Metering.Subscriptions.Access;
using Metering.Subscriptions.Customers;
using Metering.Subscriptions.Features;
using NodaTime;

namespace Metering.Subscriptions.Entitlements;

/// <summary>Tells other modules which metered entitlements there are, and what each is worth now.</summary>
public sealed class MeteredEntitlementReader
{
    private readonly MeteringDatabase database;
    private readonly EntitlementValues values;

    internal MeteredEntitlementReader(MeteringDatabase database, EntitlementValues values)
    {
        this.database = database;
        this.values = values;
    }

    /// <summary>The entitlements that this usage may count against.</summary>
    public async Task<IReadOnlyList<Guid>> TouchedAsync(ImmutableArray<TouchedUsage> touched, CancellationToken cancellationToken)
    {
        var parameters = new
        {
            meters = touched.Select(one => one.MeterSlug).ToArray(),
            subjects = touched.Select(one => one.Subject).ToArray(),
            latest = touched.Select(one => one.Latest.ToDateTimeUtc()).ToArray(),
        };
        await using var session = await database.OpenAsync(cancellationToken);
        return await session.QueryAsync<Guid>(TouchedSql, parameters, cancellationToken);
    }

    /// <summary>Those made at or after an instant that have not ended, oldest first.</summary>
    /// <param name="after">The last of the page before; null: the first page.</param>
    public async Task<IReadOnlyList<FoundEntitlement>> MadeSinceAsync(
        Instant since, FoundEntitlement? after, int limit, Instant now, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(cancellationToken);
        var parameters = new { since, afterId = after?.Id, afterAt = after?.CreatedAt, limit, now };
        var rows = await session.QueryAsync<EntitlementRow>(MadeSql, parameters, cancellationToken);
        var views = await EntitlementViews.OfAsync(session, rows, _ => null, now, cancellationToken);
        return
        [
            .. rows.Zip(views, (row, view) => new FoundEntitlement(
                row.Id, row.CreatedAt, row.ActiveFrom > now ? row.ActiveFrom : view.CurrentUsagePeriod!.To, row.ActiveFrom > now)),
        ];
    }

    /// <summary>Null: it is not metered, or not active now.</summary>
    public async Task<MeteredEntitlement?> FindAsync(Guid id, Instant now, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(cancellationToken);
        if (await EntitlementRow.FindAsync(session, id, cancellationToken) is not { IsMetered: true, DeletedAt: null } row
            || !row.IsActiveAt(now)
            || await CustomerRow.FindAsync(session, row.CustomerId, cancellationToken) is not { DeletedAt: null } customer
            || await FeatureRow.FindAsync(session, PublicId.Format(row.FeatureId), cancellationToken) is not { } feature)
        {
            return null;
        }

        var account = customer.ToAccount();
        var subject = account.SubjectKeys[0];
        var value = await values.NowAsync(session, row, now, cancellationToken);
        var entitlement = (await EntitlementViews.OfAsync(session, [row], _ => subject, now, cancellationToken)).Single();
        var documents = new EntitlementDocuments(
            Json(entitlement),
            Json(feature.ToView()),
            Json(new SubjectDocument(PublicId.Format(customer.Id), subject, customer.Name, customer.CreatedAt, customer.UpdatedAt)),
            Json(customer.ToView(currentSubscription: null)),
            Json(value.WithoutGrants()));
        return new MeteredEntitlement(
            row.Id, row.CustomerId, subject, row.FeatureId, row.FeatureKey, value.Period!.Start, value.Period.End,
            value.Balance ?? 0m, value.Usage ?? 0m, value.TotalAvailableGrantAmount ?? 0m, documents);
    }

    private static string Json<T>(T document) => JsonSerializer.Serialize(document, MeteringJson.Options);

    private const string TouchedSql = """
        select distinct e.id
        from unnest(@meters, @subjects, @latest) as t (meter, subject, latest)
        join subscriptions.customer_subject cs on cs.subject = t.subject and cs.released_at is null
        join subscriptions.entitlement e on e.customer_id = cs.customer_id and e.kind = 'metered' and e.deleted_at is null
        join subscriptions.feature f on f.id = e.feature_id and f.meter_slug = t.meter
        where e.active_from <= t.latest
        """;

    private const string MadeSql = EntitlementRow.SelectSql + """
         where e.kind = 'metered'
          and e.deleted_at is null
          and c.deleted_at is null
          and e.created_at >= @since
          and (@afterId::uuid is null or (e.created_at, e.id) > (@afterAt, @afterId))
          and (e.active_to is null or e.active_to > @now)
        order by e.created_at, e.id
        limit @limit
        """;

    /// <summary>A subject as OpenMeter shapes it: here it is a name of its customer.</summary>
    private sealed record SubjectDocument(string Id, string Key, string DisplayName, Instant CreatedAt, Instant UpdatedAt);
}
