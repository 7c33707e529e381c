using System.Collections.Immutable;
using Metering.Platform.Database;
using Metering.Platform.Http;
using Microsoft.AspNetCore.Http;
using NodaTime;

namespace Metering.Subscriptions.Entitlements;

/// <summary>Shows entitlements with their usage periods.</summary>
internal static class EntitlementViews
{
    public static async Task<ImmutableArray<EntitlementView>> OfAsync(
        DbSession session, IReadOnlyCollection<EntitlementRow> rows, Func<EntitlementRow, string?> subjectKey, Instant now,
        CancellationToken cancellationToken)
    {
        var ids = rows.Select(row => row.Id).ToArray();
        var turns = (await session.QueryAsync<TurnRow>(TurnsSql, new { ids }, cancellationToken))
            .ToLookup(row => row.EntitlementId, row => row.ToTurn());
        return [.. rows.Select(row => EntitlementView.Of(
            row, row.UsagePeriod is null ? null : new EntitlementPeriods(row, turns[row.Id]), subjectKey(row), now))];
    }

    public static async Task<ShownEntitlement> OneAsync(
        DbSession session, EntitlementRow row, string? subjectKey, Instant now, CancellationToken cancellationToken)
    {
        var ids = new[] { row.Id };
        var turns = (await session.QueryAsync<TurnRow>(TurnsSql, new { ids }, cancellationToken)).Select(turn => turn.ToTurn()).ToList();
        var periods = row.UsagePeriod is null ? null : new EntitlementPeriods(row, turns);
        var tag = EntityTag.Of(row.Id, row.UpdatedAt, row.ActiveTo, row.DeletedAt, turns.LastOrDefault()?.At, turns.Count);
        return new ShownEntitlement(EntitlementView.Of(row, periods, subjectKey, now), tag);
    }

    /// <summary>The subject that stands for each customer in version 1 of the API.</summary>
    public static async Task<IReadOnlyDictionary<Guid, string>> SubjectsOfAsync(
        DbSession session, IEnumerable<EntitlementRow> rows, CancellationToken cancellationToken)
    {
        var customerIds = rows.Select(row => row.CustomerId).Distinct().ToArray();
        var subjects = await session.QueryAsync<(Guid CustomerId, string Subject)>(SubjectsSql, new { customerIds }, cancellationToken);
        return subjects.ToDictionary(row => row.CustomerId, row => row.Subject);
    }

    private const string TurnsSql = """
        select entitlement_id as entitlementId, at, is_reset as isReset, preserve_overage as preserveOverage, anchor, time_zone as timeZone
        from subscriptions.entitlement_turn
        where entitlement_id = any(@ids)
        order by entitlement_id, at
        """;

    private const string SubjectsSql = """
        select distinct on (customer_id) customer_id, subject
        from subscriptions.customer_subject
        where customer_id = any(@customerIds)
        order by customer_id, position
        """;

    private sealed record TurnRow(Guid EntitlementId, Instant At, bool IsReset, bool PreserveOverage, Instant Anchor, string TimeZone)
    {
        public EntitlementTurn ToTurn() => new(At, IsReset, PreserveOverage, Anchor, TimeZone);
    }
}

/// <param name="Tag">Of what is stored; the current usage period passes by itself.</param>
internal sealed record ShownEntitlement(EntitlementView View, EntityTag Tag)
{
    public IResult ToOk() => Results.Ok(View).WithTag(Tag);

    public IResult ToCreated() => Results.Created($"/api/v2/entitlements/{View.Id}", View).WithTag(Tag);
}
