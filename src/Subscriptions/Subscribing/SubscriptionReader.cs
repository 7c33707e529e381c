using System.Collections.Immutable;
using Metering.Platform.Database;
using Metering.Rating;
using Metering.Subscriptions.Customers;

namespace Metering.Subscriptions.Subscribing;

/// <summary>Reads subscriptions for billing and for the portal.</summary>
public sealed class SubscriptionReader(MeteringDatabase database)
{
    public async Task<BillableSubscription?> FindAsync(Guid id, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(cancellationToken);
        return await SubscriptionRow.FindAsync(session, id, cancellationToken) is { } row
            ? (await CompleteAsync(session, [row], cancellationToken)).Single()
            : null;
    }

    /// <summary>Every subscription of a customer, also ended ones, oldest first.</summary>
    public async Task<ImmutableArray<BillableSubscription>> OfCustomerAsync(Guid customerId, CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(cancellationToken);
        return await CompleteAsync(session, await SubscriptionRow.OfCustomerAsync(session, customerId, cancellationToken), cancellationToken);
    }

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
            CommitmentsSql, new { ids = rows.Select(row => row.PlanId).ToArray() }, cancellationToken)).ToDictionary(plan => plan.PlanId);
        return
        [
            .. rows.Select(row => ToBillable(row, customer, content[row.Id]) with
            {
                Commitment = commitments.TryGetValue(row.PlanId, out var agreed) ? new PlanCommitment(agreed.Amount) : null,
            }),
        ];
    }

    private const string CommitmentsSql = "select id, commitment from subscriptions.plan where id = any(@ids) and commitment is not null";

    private static BillableSubscription ToBillable(SubscriptionRow row, CustomerAccount customer, IEnumerable<SubscriptionContent> content) => new(
        row.Id, row.Name, customer, new PlanReference(row.PlanId, row.PlanKey, row.PlanName, row.PlanVersion), Currency.Parse(row.Currency),
        Cadence.Parse(row.BillingCadence), row.BillingAnchor, row.ActiveFrom, row.ActiveTo, SubscriptionContent.ToBillable(row, content))
    {
        ProratesFees = row.Prorates,
    };
}
