using Metering.Platform.Database;
using Metering.Platform.Identifiers;
using Metering.Rating;
using NodaTime;

namespace Metering.Subscriptions.Entitlements.Grants;

/// <summary>A grant as stored. Once issued only <see cref="VoidedAt"/> is ever set.</summary>
/// <param name="IsIssue">What the entitlement itself grants after each reset, as opposed to what was added to it.</param>
/// <param name="ItemId">The subscription item that adds to an entitlement which is not its own.</param>
internal sealed record GrantRow(
    Guid Id,
    Guid EntitlementId,
    string Origin,
    bool IsIssue,
    Guid? ItemId,
    decimal Amount,
    int Priority,
    Instant EffectiveAt,
    string? ExpirationDuration,
    int? ExpirationCount,
    Instant? ExpiresAt,
    Instant? VoidedAt,
    decimal MinRollover,
    decimal MaxRollover,
    string? Recurrence,
    Instant? RecurrenceAnchor,
    string TimeZone,
    string Metadata,
    string? Annotations,
    Instant CreatedAt,
    Instant UpdatedAt)
{
    /// <summary>Completed by joins and a where clause on <c>g</c>.</summary>
    public const string SelectSql = """
        select g.id, g.entitlement_id as entitlementId, g.origin, g.is_issue as isIssue, g.item_id as itemId,
               trim_scale(g.amount) as amount, g.priority,
               g.effective_at as effectiveAt, g.expiration_duration as expirationDuration, g.expiration_count as expirationCount,
               g.expires_at as expiresAt, g.voided_at as voidedAt, trim_scale(g.min_rollover) as minRollover,
               trim_scale(g.max_rollover) as maxRollover,
               g.recurrence, g.recurrence_anchor as recurrenceAnchor, g.time_zone as timeZone, g.metadata::text as metadata,
               g.annotations::text as annotations, g.created_at as createdAt, g.updated_at as updatedAt
        from subscriptions.entitlement_grant g
        """;

    public const string InsertSql = """
        insert into subscriptions.entitlement_grant
            (id, entitlement_id, origin, is_issue, item_id, amount, priority, effective_at, expiration_duration, expiration_count, expires_at,
             voided_at, min_rollover, max_rollover, recurrence, recurrence_anchor, time_zone, metadata, annotations, created_at, updated_at)
        values
            (@Id, @EntitlementId, @Origin, @IsIssue, @ItemId, @Amount, @Priority, @EffectiveAt, @ExpirationDuration, @ExpirationCount, @ExpiresAt,
             @VoidedAt, @MinRollover, @MaxRollover, @Recurrence, @RecurrenceAnchor, @TimeZone, @Metadata::jsonb, @Annotations::jsonb,
             @CreatedAt, @UpdatedAt)
        """;

    private const string OfEntitlementSql = SelectSql + " where g.entitlement_id = @entitlementId order by g.created_at, g.id";

    private BillingCalendar? Calendar => Recurrence is null
        ? null
        : new BillingCalendar(Cadence.Parse(Recurrence), RecurrenceAnchor!.Value, DateTimeZoneProviders.Tzdb[TimeZone]);

    public static Task<IReadOnlyList<GrantRow>> OfEntitlementAsync(DbSession session, Guid entitlementId, CancellationToken cancellationToken) =>
        session.QueryAsync<GrantRow>(OfEntitlementSql, new { entitlementId }, cancellationToken);

    /// <summary>The grant that brings an entitlement back to its own allowance at each reset.</summary>
    public static GrantRow IssueOf(EntitlementRow entitlement, Instant now) => new(
        PublicId.New(now), entitlement.Id, entitlement.Origin, IsIssue: true, ItemId: null, entitlement.Allowance, entitlement.IssuePriority,
        entitlement.MeasuredFrom, null, null, null, null, entitlement.Allowance, entitlement.Allowance, null, null, entitlement.TimeZone, "{}", null,
        now, now);

    public Grant ToGrant() => new()
    {
        Id = PublicId.Format(Id),
        Amount = Amount,
        Priority = Priority,
        EffectiveAt = EffectiveAt,
        ExpiresAt = ExpiresAt,
        VoidedAt = VoidedAt,
        Recurrence = Calendar,
        MinRollover = MinRollover,
        MaxRollover = MaxRollover,
        CreatedAt = CreatedAt,
    };

    /// <summary>When it is granted anew the next time; null when it is not, or not any more.</summary>
    public Instant? NextRecurrenceAfter(Instant instant) => Calendar is { } calendar ? NextOf(calendar, ToGrant(), instant) : null;

    /// <summary>The first boundary of a recurrence after an instant at which the grant is still in force.</summary>
    public static Instant? NextOf(BillingCalendar calendar, Grant grant, Instant instant)
    {
        var next = calendar.PeriodContaining(Instant.Max(instant, grant.EffectiveAt)).End;
        return grant.EndsAt <= next ? null : next;
    }
}
