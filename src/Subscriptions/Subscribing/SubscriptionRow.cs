using System.Collections.Immutable;
using Metering.Platform.Database;
using Metering.Platform.Http;
using Metering.Platform.Identifiers;
using Metering.Rating;
using NodaTime;

namespace Metering.Subscriptions.Subscribing;

/// <summary>A subscription as stored, with the plan version it follows and its customer's zone.</summary>
internal sealed record SubscriptionRow(
    Guid Id,
    Guid CustomerId,
    Guid PlanId,
    string PlanKey,
    string PlanName,
    int PlanVersion,
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
    string TimeZone)
{
    /// <summary>Completed by a where clause on <c>s</c>.</summary>
    public const string SelectSql = """
        select s.id, s.customer_id as customerId, s.plan_id as planId, p.key as planKey, p.name as planName, p.version as planVersion,
               s.name, s.description, s.currency, s.billing_cadence as billingCadence, s.billing_anchor as billingAnchor, s.prorates,
               s.active_from as activeFrom, s.active_to as activeTo, s.metadata::text as metadata,
               s.created_at as createdAt, s.updated_at as updatedAt, c.time_zone as timeZone
        from subscriptions.subscription s
        join subscriptions.plan p on p.id = s.plan_id
        join subscriptions.customer c on c.id = s.customer_id
        """;

    private const string ByIdSql = SelectSql + " where s.id = @id";

    private const string OfCustomerSql = SelectSql + " where s.customer_id = @customerId order by s.active_from, s.id";

    private const string CurrentSql = """
        select distinct on (customer_id) customer_id, id
        from subscriptions.subscription
        where customer_id = any(@customerIds)
          and active_from <= @now
          and (active_to is null or active_to > @now)
        order by customer_id, active_from desc, id
        """;

    public BillingCalendar Calendar => new(Cadence.Parse(BillingCadence), BillingAnchor, DateTimeZoneProviders.Tzdb[TimeZone]);

    public static Task<SubscriptionRow?> FindAsync(DbSession session, Guid id, CancellationToken cancellationToken) =>
        session.FirstOrNoneAsync<SubscriptionRow>(ByIdSql, new { id }, cancellationToken);

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
    public EntityTag Tag => EntityTag.Of(ToView(CreatedAt, phases: null));

    public SubscriptionView ToView(Instant now, ImmutableArray<SubscriptionPhaseView>? phases) => new(
        PublicId.Format(Id), Name, Description, StatusAt(now), PublicId.Format(CustomerId),
        new PlanReferenceView(PublicId.Format(PlanId), PlanKey, PlanVersion), Currency, BillingCadence, BillingAnchor,
        new Plans.ProRatingBody(Prorates, "prorate_prices"), "credit_then_invoice", "dynamic", [], ActiveFrom, ActiveTo,
        phases is null ? null : new AlignmentView(PeriodView.Of(Calendar.PeriodContaining(Instant.Max(now, ActiveFrom)))),
        Wire.Metadata.ParseOrNull(Metadata), CreatedAt, UpdatedAt, phases);
}
