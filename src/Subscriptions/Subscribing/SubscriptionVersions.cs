using System.Collections.Immutable;
using Metering.Platform.Database;
using Metering.Subscriptions.Subscribing.Spec;
using NodaTime;

namespace Metering.Subscriptions.Subscribing;

/// <summary>Every version of what a subscription sells. Versions are only ever added: the last one is in force, an earlier one was.</summary>
internal static class SubscriptionVersions
{
    public static Task AddAsync(
        DbSession session, SubscriptionRow subscription, SubscriptionSpec spec, string change, Instant now, CancellationToken cancellationToken) =>
        session.ExecuteAsync(
            InsertSql, new { subscription.Id, now, change, subscription.ActiveTo, content = SpecJson.Write(spec) }, cancellationToken);

    public static async Task<SubscriptionSpec> LatestAsync(DbSession session, Guid id, CancellationToken cancellationToken) =>
        (await LatestAsync(session, [id], cancellationToken))[id];

    public static async Task<ImmutableDictionary<Guid, SubscriptionSpec>> LatestAsync(
        DbSession session, Guid[] ids, CancellationToken cancellationToken) =>
        (await session.QueryAsync<(Guid Id, string Content)>(LatestSql, new { ids }, cancellationToken))
        .ToImmutableDictionary(row => row.Id, row => SpecJson.Read(row.Content));

    /// <summary>The version that was the last one at an instant; null before the first.</summary>
    public static async Task<(SubscriptionSpec Spec, Instant? ActiveTo)?> AtAsync(
        DbSession session, Guid id, Instant at, CancellationToken cancellationToken) =>
        await session.FirstOrNoneAsync<PastVersion>(AtSql, new { id, at }, cancellationToken) is { } version
            ? (SpecJson.Read(version.Content), version.ActiveTo)
            : null;

    private const string InsertSql = """
        insert into subscriptions.subscription_version (subscription_id, number, recorded_at, change, active_to, content)
        select @Id, coalesce(max(number), 0) + 1, @now, @change, @ActiveTo, @content::json
        from subscriptions.subscription_version
        where subscription_id = @Id
        """;

    private const string LatestSql = """
        select distinct on (subscription_id) subscription_id, content::text
        from subscriptions.subscription_version
        where subscription_id = any(@ids)
        order by subscription_id, number desc
        """;

    private const string AtSql = """
        select content::text as content, active_to as activeTo
        from subscriptions.subscription_version
        where subscription_id = @id and recorded_at <= @at
        order by number desc
        limit 1
        """;

    private sealed record PastVersion(string Content, Instant? ActiveTo);
}
