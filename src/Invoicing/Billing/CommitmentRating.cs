using System.Collections.Immutable;
using Metering.Invoicing.Invoices;
using Metering.Platform.Database;
using Metering.Rating;
using Metering.Subscriptions.Subscribing;
using NodaTime;

namespace Metering.Invoicing.Billing;

/// <summary>Adds what is missing to the plan's commitment to the lines of a period.</summary>
internal static class CommitmentRating
{
    /// <summary>To the lines of a boundary, for the billing periods that end there.</summary>
    public static async Task<ImmutableArray<InvoiceLine>> AddAsync(
        DbSession session, BillableSubscription subscription, ImmutableArray<InvoiceLine> lines, Instant? previous, Instant boundary, Instant now,
        CancellationToken cancellationToken)
    {
        if (subscription.Commitment is not { } commitment)
        {
            return lines;
        }

        var complete = lines;
        foreach (var period in CommitmentTrueUp.PeriodsClosedAt(subscription, previous, boundary))
        {
            complete = await AddAsync(session, subscription, commitment, period, lines, complete, isRunning: false, now, cancellationToken);
        }

        return complete;
    }

    /// <summary>To the lines of the period that runs, as if it ended now.</summary>
    public static async Task<ImmutableArray<InvoiceLine>> AddRunningAsync(
        DbSession session, BillableSubscription subscription, ImmutableArray<InvoiceLine> lines, Instant now, CancellationToken cancellationToken) =>
        subscription.Commitment is { } commitment && CommitmentTrueUp.PeriodRunningAt(subscription, now) is { } period
            ? await AddAsync(session, subscription, commitment, period, lines, lines, isRunning: true, now, cancellationToken)
            : lines;

    private static async Task<ImmutableArray<InvoiceLine>> AddAsync(
        DbSession session, BillableSubscription subscription, PlanCommitment commitment, LinePeriod period, ImmutableArray<InvoiceLine> lines,
        ImmutableArray<InvoiceLine> complete, bool isRunning, Instant now, CancellationToken cancellationToken)
    {
        var parameters = new
        {
            customerId = subscription.Customer.Id, subscriptionId = subscription.Id, from = period.Served.Start, to = period.Served.End,
            commitmentKey = CommitmentTrueUp.LineKey,
        };
        var billed = await session.QueryAsync<BilledLine>(BilledSql, parameters, cancellationToken);

        // What runs may be billed already, when it was due in advance; it counts once.
        var rated = lines.Select(line => (line.PhaseKey, line.RateCardKey, line.Period)).ToHashSet();
        var counted = billed
            .Where(line => !isRunning || !rated.Contains((line.PhaseKey, line.RateCardKey, line.Period)))
            .Select(line => new CountedAmount(MinorUnits.ToMoney(line.AmountMinor, subscription.Currency), line.Period))
            .Concat(lines.Select(line => new CountedAmount(line.Amount, line.Period)));
        return CommitmentTrueUp.LineOf(subscription, commitment, period, counted, complete.Length + 1, now) is { } missing
            ? complete.Add(missing)
            : complete;
    }

    private const string BilledSql = """
        select l.phase_key as phaseKey, l.rate_card_key as rateCardKey, l.period_from as periodFrom, l.period_to as periodTo,
               l.amount_minor as amountMinor
        from invoicing.invoice i
        join invoicing.invoice_line l on l.invoice_id = i.id
        where i.customer_id = @customerId
          and coalesce(l.subscription_id, case when l.phase_key <> '' then i.subscription_id end) = @subscriptionId
          and i.state not in ('deleted', 'voided')
          and l.deleted_at is null
          and l.period_from >= @from
          and l.period_to <= @to
          and l.rate_card_key <> @commitmentKey
        """;

    private sealed record BilledLine(string PhaseKey, string RateCardKey, Instant PeriodFrom, Instant PeriodTo, long AmountMinor)
    {
        public ServicePeriod Period => new(PeriodFrom, PeriodTo);
    }
}
