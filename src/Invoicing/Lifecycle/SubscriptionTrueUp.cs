using System.Collections.Immutable;
using Metering.Invoicing.Billing;
using Metering.Invoicing.Invoices;
using Metering.Platform.Database;
using Metering.Subscriptions.Subscribing;
using NodaTime;

namespace Metering.Invoicing.Lifecycle;

/// <summary>A draft of a subscription's period that is rated again is short of the plan's commitment by another amount.</summary>
public sealed class SubscriptionTrueUp(SubscriptionReader subscriptions)
{
    public async Task<Invoice> RenewAsync(DbSession session, Invoice invoice, Instant now, CancellationToken cancellationToken)
    {
        if (invoice.SubscriptionId is not { } subscriptionId
            || await session.FirstOrNoneAsync<ClosedRow>(ClosedSql, new { subscriptionId, invoice.Id }, cancellationToken) is not { } closed
            || await subscriptions.FindAsync(subscriptionId, cancellationToken) is not { Commitment: not null } subscription)
        {
            return invoice;
        }

        var lines = invoice.Lines.RemoveAll(line => line.RateCardKey == CommitmentTrueUp.LineKey);
        var ofSubscription = lines.Where(line => line.SubscriptionId == subscriptionId).ToImmutableArray();
        var complete = await CommitmentRating.AddAsync(
            session, subscription, ofSubscription, closed.Previous, closed.Boundary, now, cancellationToken);
        return invoice.WithLines([.. lines, .. complete.Skip(ofSubscription.Length)]);
    }

    private const string ClosedSql = """
        select p.boundary,
               (select max(b.boundary) from invoicing.closed_period b
                where b.subscription_id = p.subscription_id and b.boundary < p.boundary) as previous
        from invoicing.closed_period p
        where p.subscription_id = @subscriptionId and p.invoice_id = @Id
        """;

    private sealed record ClosedRow(Instant Boundary, Instant? Previous);
}
