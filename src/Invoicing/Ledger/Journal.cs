using System.Collections.Immutable;
using Metering.Platform.Database;
using Metering.Platform.Identifiers;
using Metering.Subscriptions.Customers.Tree;
using NodaTime;

namespace Metering.Invoicing.Ledger;

/// <summary>Sums what was posted in a month by account, seller and cost centre. Debits and credits of each currency come to the same.</summary>
internal sealed class Journal(CostCentreReader costCentres)
{
    public async Task<ImmutableArray<JournalRow>> OfAsync(DbSession session, LedgerPeriod period, CancellationToken cancellationToken)
    {
        // Whoever stands in the tree may move within the month; all others are summed by the database.
        var placed = await costCentres.PlacedAsync(session, cancellationToken);
        var rows = await session.QueryAsync<SumRow>(
            SumSql, new { period.Start, period.End, before = period.PostedBefore, placed = placed.ToArray() }, cancellationToken);
        (Guid, Instant)[] pairs = [.. rows.Where(row => row.At is not null).Select(row => (row.CustomerId!.Value, row.At!.Value)).Distinct()];
        var centres = await costCentres.OfAsync(session, pairs, cancellationToken);
        return
        [
            .. rows
                .GroupBy(row => (
                    row.Currency, row.Kind, row.BillingProfileId,
                    CostCentre: row.At is { } at ? centres.GetValueOrDefault((row.CustomerId!.Value, at)) : null))
                .Select(of => new JournalRow(
                    period.Name, of.Key.Currency, of.Key.Kind, of.Key.BillingProfileId is { } profile ? PublicId.Format(profile) : null,
                    of.Key.CostCentre, of.Sum(row => row.Debit), of.Sum(row => row.Credit), of.Sum(row => row.Entries)))
                .OrderBy(row => row.Currency, StringComparer.Ordinal).ThenBy(row => row.Account, StringComparer.Ordinal)
                .ThenBy(row => row.BillingProfileId, StringComparer.Ordinal).ThenBy(row => row.CostCentre, StringComparer.Ordinal),
        ];
    }

    private const string SumSql = """
        select a.currency, a.kind, a.billing_profile_id as billingProfileId,
               case when a.customer_id = any(@placed) then a.customer_id end as customerId,
               case when a.customer_id = any(@placed) then e.effective_at end as at,
               coalesce(sum(e.amount) filter (where e.amount > 0), 0) as debit,
               coalesce(-sum(e.amount) filter (where e.amount < 0), 0) as credit,
               count(*) as entries
        from invoicing.ledger_entry e
        join invoicing.ledger_account a on a.id = e.account_id
        join invoicing.ledger_transaction t on t.id = e.transaction_id
        where e.effective_at >= @Start and e.effective_at < @End and (@before::timestamptz is null or t.posted_at < @before)
        group by 1, 2, 3, 4, 5
        """;

    private sealed record SumRow(
        string Currency, string Kind, Guid? BillingProfileId, Guid? CustomerId, Instant? At, decimal Debit, decimal Credit, long Entries);
}
