using System.Collections.Immutable;
using Metering.Platform.Database;
using Metering.Rating;
using Metering.Subscriptions.Customers;

namespace Metering.Subscriptions.Subscribing;

/// <summary>Reads subscriptions for billing and for the portal.</summary>
public sealed class SubscriptionReader(MeteringDatabase database)
{
    /// <summary>Not the key of a plan: those have no dots.</summary>
    private const string CustomPlanKey = "plan.custom";

    /// <summary>Also one that was deleted before it started: it ends where it begins.</summary>
    public async Task<BillableSubscription?> FindAsync(Guid id, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(cancellationToken);
        return await SubscriptionRow.FindAlsoDeletedAsync(session, id, cancellationToken) is { } row
            ? (await CompleteAsync(session, [row], cancellationToken)).Single()
            : null;
    }

    /// <summary>Every subscription of a customer, also ended ones, oldest first.</summary>
    public async Task<ImmutableArray<BillableSubscription>> OfCustomerAsync(Guid customerId, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(cancellationToken);
        return await OfCustomerAsync(session, customerId, cancellationToken);
    }

    /// <inheritdoc cref="OfCustomerAsync(Guid, CancellationToken)"/>
    internal static async Task<ImmutableArray<BillableSubscription>> OfCustomerAsync(
        DbSession session, Guid customerId, CancellationToken cancellationToken) =>
        await CompleteAsync(session, await SubscriptionRow.OfCustomerAsync(session, customerId, cancellationToken), cancellationToken);

    private static async Task<ImmutableArray<BillableSubscription>> CompleteAsync(
        DbSession session, IReadOnlyList<SubscriptionRow> rows, CancellationToken cancellationToken)
    {
        if (rows.Count == 0)
        {
            return [];
        }

        var content = await SubscriptionContent.OfAsync(session, [.. rows.Select(row => row.Id)], cancellationToken);
        var customer = (await CustomerRow.FindAsync(session, rows[0].CustomerId, cancellationToken))!.ToAccount();
        var commitments = (await session.QueryAsync<(Guid PlanId, decimal Amount)>(
            CommitmentsSql, new { ids = rows.Select(row => row.PlanId).OfType<Guid>().ToArray() }, cancellationToken))
            .ToDictionary(plan => plan.PlanId);
        return
        [
            .. rows.Select(row => ToBillable(row, customer, content[row.Id]) with
            {
                Commitment = row.PlanId is { } plan && commitments.TryGetValue(plan, out var agreed) ? new PlanCommitment(agreed.Amount) : null,
            }),
        ];
    }

    private const string CommitmentsSql = "select id, commitment from subscriptions.plan where id = any(@ids) and commitment is not null";

    private static BillableSubscription ToBillable(SubscriptionRow row, CustomerAccount customer, SubscriptionContent content) => new(
        row.Id, row.Name, customer, PlanOf(row), Currency.Parse(row.Currency), Cadence.Parse(row.BillingCadence), row.BillingAnchor,
        row.ActiveFrom, row.ActiveTo, content.ToBillable(row.ActiveTo))
    {
        ProratesFees = row.Prorates,
        ZoneChanges = row.Moves(),
    };

    /// <summary>A plan that was written for one subscription is known by the subscription's id.</summary>
    private static PlanReference PlanOf(SubscriptionRow row) =>
        new(row.PlanId ?? row.Id, row.PlanKey ?? CustomPlanKey, row.PlanName, row.PlanVersion ?? 1);
}
