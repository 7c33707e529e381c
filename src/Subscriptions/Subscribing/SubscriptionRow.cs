using System.Collections.Immutable;
using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.Identifiers;
using Metering.Rating;
using Metering.Subscriptions.Plans;
using NodaTime;

namespace Metering.Subscriptions.Subscribing;

/// <summary>A subscription as stored, with the plan version it follows and its customer's zones. What it sells is in its versions.</summary>
/// <param name="PlanId">Null for a plan that was written for this subscription alone.</param>
/// <param name="ZoneChanges">JSON: the customer's moves, oldest first.</param>
/// <param name="ContentVersion">How many versions there are of what it sells.</param>
internal sealed record SubscriptionRow(
    Guid Id,
    Guid CustomerId,
    Guid? PlanId,
    string? PlanKey,
    string PlanName,
    int? PlanVersion,
    string Name,
    string? Description,
    string Currency,
    string BillingCadence,
    Instant BillingAnchor,
    bool Prorates,
    Instant ActiveFrom,
    Instant? ActiveTo,
    string Metadata,
    Instant CreatedAt,
    Instant UpdatedAt,
    string TimeZone,
    string ZoneChanges,
    int ContentVersion)
{
    /// <summary>Completed by a where clause on <c>s</c>.</summary>
    public const string SelectSql = """
        select s.id, s.customer_id as customerId, s.plan_id as planId, p.key as planKey, coalesce(p.name, s.plan_name) as planName,
               p.version as planVersion, s.name, s.description, s.currency, s.billing_cadence as billingCadence,
               s.billing_anchor as billingAnchor, s.prorates, s.active_from as activeFrom, s.active_to as activeTo,
               s.metadata::text as metadata, s.created_at as createdAt, s.updated_at as updatedAt, c.time_zone as timeZone,
               coalesce((
                   select json_agg(json_build_object(
                       'at', to_char(z.changed_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), 'before', z.zone_before)
                       order by z.changed_at)
                   from subscriptions.customer_zone_change z
                   where z.customer_id = c.id), '[]'::json)::text as zoneChanges,
               (select max(v.number) from subscriptions.subscription_version v where v.subscription_id = s.id) as contentVersion
        from subscriptions.subscription s
        left join subscriptions.plan p on p.id = s.plan_id
        join subscriptions.customer c on c.id = s.customer_id
        """;

    private const string ByIdSql = SelectSql + " where s.id = @id and s.deleted_at is null";

    private const string AlsoDeletedSql = SelectSql + " where s.id = @id";

    private const string OfCustomerSql =
        SelectSql + " where s.customer_id = @customerId and s.deleted_at is null order by s.active_from, s.id";

    private const string CurrentSql = """
        select distinct on (customer_id) customer_id, id
        from subscriptions.subscription
        where customer_id = any(@customerIds)
          and deleted_at is null
          and active_from <= @now
          and (active_to is null or active_to > @now)
        order by customer_id, active_from desc, id
        """;

    private const string LockSql = """
        select c.id
        from subscriptions.customer c
        where c.id = (select customer_id from subscriptions.subscription where id = @id)
        for update
        """;

    public DateTimeZone Zone => DateTimeZoneProviders.Tzdb[TimeZone];

    public ServiceCalendar Calendar => ServiceCalendar.Of(Cadence.Parse(BillingCadence), BillingAnchor, ActiveFrom, Zone, Moves());

    /// <summary>Deleted ones are not found.</summary>
    public static Task<SubscriptionRow?> FindAsync(DbSession session, Guid id, CancellationToken cancellationToken) =>
        session.FirstOrNoneAsync<SubscriptionRow>(ByIdSql, new { id }, cancellationToken);

    public static Task<SubscriptionRow?> FindAlsoDeletedAsync(DbSession session, Guid id, CancellationToken cancellationToken) =>
        session.FirstOrNoneAsync<SubscriptionRow>(AlsoDeletedSql, new { id }, cancellationToken);

    /// <summary>The customer is locked until the transaction ends, as for every change to what it may do.</summary>
    public static async Task<SubscriptionRow?> FindForChangeAsync(DbSession session, string id, CancellationToken cancellationToken)
    {
        if (!PublicId.TryParse(id, out var guid))
        {
            return null;
        }

        await session.ExecuteAsync(LockSql, new { id = guid }, cancellationToken);
        return await FindAsync(session, guid, cancellationToken);
    }

    /// <summary>Oldest first.</summary>
    public static Task<IReadOnlyList<SubscriptionRow>> OfCustomerAsync(DbSession session, Guid customerId, CancellationToken cancellationToken) =>
        session.QueryAsync<SubscriptionRow>(OfCustomerSql, new { customerId }, cancellationToken);

    /// <summary>Customer → the subscription that is active at <paramref name="now"/>, for those that have one.</summary>
    public static async Task<IReadOnlyDictionary<Guid, Guid>> CurrentIdsAsync(
        DbSession session, Guid[] customerIds, Instant now, CancellationToken cancellationToken) =>
        (await session.QueryAsync<(Guid CustomerId, Guid Id)>(CurrentSql, new { customerIds, now }, cancellationToken))
        .ToDictionary(row => row.CustomerId, row => row.Id);

    public static async Task<Guid?> FindCurrentIdAsync(DbSession session, Guid customerId, Instant now, CancellationToken cancellationToken) =>
        (await CurrentIdsAsync(session, [customerId], now, cancellationToken)).TryGetValue(customerId, out var id) ? id : null;

    /// <summary>OpenMeter's words, in this order of precedence.</summary>
    public string StatusAt(Instant now) =>
        ActiveTo <= now ? "inactive"
        : ActiveFrom > now ? "scheduled"
        : ActiveTo is not null ? "canceled"
        : "active";

    /// <summary>Of what is stored: status and current period change by themselves.</summary>
    public EntityTag Tag => EntityTag.Of(Id, ContentVersion, ActiveTo, UpdatedAt);

    public ImmutableArray<ZoneChange> Moves() =>
    [
        .. Wire.Metadata.FromJson<ImmutableArray<Move>>(ZoneChanges)
            .Select(move => new ZoneChange(move.At, DateTimeZoneProviders.Tzdb[move.Before])),
    ];

    public SubscriptionView ToView(Instant now, ImmutableArray<SubscriptionPhaseView>? phases)
    {
        var status = StatusAt(now);
        return new SubscriptionView(
            PublicId.Format(Id), Name, Description, status, PublicId.Format(CustomerId),
            PlanId is { } plan ? new PlanReferenceView(PublicId.Format(plan), PlanKey!, PlanVersion!.Value) : null, Currency, BillingCadence,
            Calendar.PeriodContaining(ActiveFrom).Start, new ProRatingBody(Prorates, "prorate_prices"), "credit_then_invoice", "dynamic", [],
            ActiveFrom, ActiveTo,
            phases is null || status is "inactive" ? null : new AlignmentView(PeriodView.Of(Calendar.PeriodContaining(Instant.Max(now, ActiveFrom)))),
            Wire.Metadata.ParseOrNull(Metadata), CreatedAt, UpdatedAt, phases);
    }

    private sealed record Move(Instant At, string Before);
}
