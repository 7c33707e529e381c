using System.Collections.Immutable;
using Metering.Platform.Database;
using Metering.Platform.Problems;
using Metering.Subscriptions.Subscribing.Spec;
using Microsoft.AspNetCore.Http;
using NodaTime;

namespace Metering.Subscriptions.Subscribing;

/// <summary>
/// A customer has as many subscriptions at a time as it likes, so long as nothing is billed twice: a plan is followed once at a time, and the use of
/// a feature has one price at a time. What several entitle to is for the feature to say.
/// </summary>
internal static class SubscriptionOverlap
{
    /// <summary>To be asked in the transaction that changed a subscription, with the customer locked.</summary>
    /// <returns>Null, or the answer that says what would be billed twice from <paramref name="now"/> on.</returns>
    public static async Task<IResult?> RefuseAsync(DbSession session, Guid customerId, Instant now, CancellationToken cancellationToken)
    {
        var rows = (await SubscriptionRow.OfCustomerAsync(session, customerId, cancellationToken)).Where(row => !(row.ActiveTo <= now)).ToList();
        if (rows.Count < 2)
        {
            return null;
        }

        var specs = await SubscriptionVersions.LatestAsync(session, [.. rows.Select(row => row.Id)], cancellationToken);
        return Find([.. rows.Select(row => SoldFor.Of(row, specs[row.Id]))], now) is { } twice
            ? Problem.Of(ProblemType.Conflict, twice.Message, twice)
            : null;
    }

    /// <summary>What a change let follow stands in the way of going on, and of another change.</summary>
    public static async Task<IResult?> RefuseFollowedAsync(
        DbSession session, SubscriptionRow row, Instant now, CancellationToken cancellationToken) =>
        await session.SingleAsync<bool>(FollowedSql, new { row.Id, now }, cancellationToken)
            ? Problem.Of(
                ProblemType.Conflict, "Another subscription follows this one already; delete that, or restore this one, which deletes what follows.")
            : null;

    /// <summary>The first thing that two of them would bill at a time. Pure.</summary>
    private static FieldError? Find(ImmutableArray<SoldFor> sold, Instant now)
    {
        foreach (var (index, one) in sold.Index())
        {
            foreach (var other in sold.Skip(index + 1).Where(other => one.Whole.MeetsAfter(now, other.Whole)))
            {
                if (one.PlanKey is { } plan && plan == other.PlanKey)
                {
                    return new FieldError(
                        "", "plan_twice", $"The customer has a subscription to the plan {plan} at that time; cancel it first, or change it.");
                }

                if (one.Usage.FirstOrDefault(mine => other.Usage.Any(theirs => mine.Feature == theirs.Feature
                    && mine.Span.MeetsAfter(now, theirs.Span))) is { } twice)
                {
                    return new FieldError(
                        "", "usage_twice",
                        $"Another subscription of the customer bills the use of {twice.FeatureKey} at that time; one at a time does.");
                }
            }
        }

        return null;
    }

    private const string FollowedSql = """
        select exists (
            select from subscriptions.subscription
            where follows = @Id and deleted_at is null and (active_to is null or active_to > @now)
        )
        """;

    /// <summary>A subscription, as far as it can be in the way of another.</summary>
    private sealed record SoldFor(string? PlanKey, Span Whole, ImmutableArray<BilledUse> Usage)
    {
        public static SoldFor Of(SubscriptionRow row, SubscriptionSpec spec) => new(
            row.PlanKey, new Span(row.ActiveFrom, row.ActiveTo),
            [
                .. spec.Items.Where(item => item is { FeatureId: not null, Card: { Type: "usage_based", Price: { Type: not "flat" } } })
                    .Select(item => new BilledUse(
                        item.FeatureId!.Value, item.Card.FeatureKey!, new Span(item.From, Span.Earlier(item.To, row.ActiveTo)))),
            ]);
    }

    private sealed record BilledUse(Guid Feature, string FeatureKey, Span Span);

    /// <param name="To">Null: open.</param>
    private sealed record Span(Instant From, Instant? To)
    {
        public static Instant? Earlier(Instant? left, Instant? right) => left is { } a && right is { } b ? Instant.Min(a, b) : left ?? right;

        public bool MeetsAfter(Instant now, Span other) =>
            !(Earlier(To, other.To) <= Instant.Max(now, Instant.Max(From, other.From)));
    }
}
