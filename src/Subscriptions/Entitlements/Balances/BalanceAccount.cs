using System.Collections.Immutable;
using Metering.Platform.Database;
using Metering.Platform.Identifiers;
using Metering.Rating;
using Metering.Subscriptions.Entitlements.Grants;
using NodaTime;

namespace Metering.Subscriptions.Entitlements.Balances;

/// <summary>All that a balance depends on besides usage: grants, usage periods, and whose usage it is.</summary>
/// <param name="Grants">Its own, and top-ups of the entitlement before it that outlive that one.</param>
/// <param name="Before">The entitlement whose top-ups it goes on with: another phase or plan gave it, and it ended where this one begins.</param>
internal sealed record BalanceAccount(
    EntitlementRow Entitlement, ImmutableArray<string> Subjects, ImmutableArray<Grant> Grants, EntitlementPeriods Periods, BalanceAccount? Before)
{
    public static async Task<BalanceAccount> LoadAsync(DbSession session, EntitlementRow entitlement, CancellationToken cancellationToken)
    {
        var grants = (await GrantRow.OfEntitlementAsync(session, entitlement.Id, cancellationToken)).ToList();
        var before = await TopUps.HeldBeforeAsync(session, entitlement, cancellationToken) is { } previous
            ? await LoadAsync(session, previous, cancellationToken)
            : null;
        var carried = before?.Grants.Where(grant => before.IsTopUp(grant.Id) && grant.IsInForceAt(entitlement.MeasuredFrom)) ?? [];
        var turns = await session.QueryAsync<EntitlementTurn>(TurnsSql, new { entitlement.Id }, cancellationToken);
        var subjects = await session.QueryAsync<string>(SubjectsSql, new { entitlement.CustomerId }, cancellationToken);
        return new BalanceAccount(
            entitlement, [.. subjects], [.. grants.Select(grant => grant.ToGrant()), .. carried], new EntitlementPeriods(entitlement, turns), before)
        {
            GivenByPlan =
            [
                .. grants.Where(grant => grant.IsIssue || grant.Origin == EntitlementRow.OfSubscription).Select(grant => PublicId.Format(grant.Id)),
            ],
        };
    }

    /// <summary>What a plan gives ends with the plan; everything else was bought beside it.</summary>
    public ImmutableHashSet<string> GivenByPlan { get; init; } = [];

    public bool IsTopUp(string grantId) => !GivenByPlan.Contains(grantId);

    /// <summary>Whether what is left or owed at a reset has a part in what comes after it.</summary>
    public bool CarriesOverResets => Periods.EverPreservesOverage || Grants.Any(grant => grant.MinRollover < grant.MaxRollover);

    /// <summary>
    /// The stretch around an instant in which nothing happens to grants: the burn phase. Within it usage takes from the balance and does
    /// nothing else.
    /// </summary>
    public ServicePeriod SegmentAt(Instant instant)
    {
        var period = Periods.PeriodAt(instant);
        var (start, end) = (Instant.Max(period.Start, Instant.Min(Periods.MeasuredFrom, instant)), period.End);
        foreach (var at in Grants.SelectMany(grant => EventsAround(grant, instant)))
        {
            start = at <= instant ? Instant.Max(start, at) : start;
            end = at > instant ? Instant.Min(end, at) : end;
        }

        return new ServicePeriod(start, end);
    }

    public BurnDownInput InputTo(Instant until, GrantSnapshot? snapshot) => new()
    {
        MeasuredFrom = Periods.MeasuredFrom,
        Until = until,
        Grants = Grants,
        Resets = Periods.ResetsBetween(snapshot?.At ?? Periods.MeasuredFrom, until),
        Snapshot = snapshot,
    };

    private static IEnumerable<Instant> EventsAround(Grant grant, Instant instant)
    {
        if (grant.EndsAt <= grant.EffectiveAt)
        {
            yield break;
        }

        yield return grant.EffectiveAt;
        if (grant.EndsAt is { } end)
        {
            yield return end;
        }

        if (grant.Recurrence is not { } calendar)
        {
            yield break;
        }

        if (GrantRow.NextOf(calendar, grant, instant) is { } next)
        {
            yield return next;
        }

        if (grant.IsInForceAt(instant) && calendar.PeriodContaining(instant).Start is var last && last > grant.EffectiveAt)
        {
            yield return last;
        }
    }

    private const string SubjectsSql = "select subject from subscriptions.customer_subject where customer_id = @CustomerId order by position";

    private const string TurnsSql = """
        select at, is_reset as isReset, preserve_overage as preserveOverage, anchor, time_zone as timeZone
        from subscriptions.entitlement_turn
        where entitlement_id = @Id
        order by at
        """;
}
