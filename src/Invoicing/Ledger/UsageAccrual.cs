using System.Collections.Immutable;
using Metering.Invoicing.Invoices;
using Metering.Platform.Database;
using Metering.Rating;
using NodaTime;

namespace Metering.Invoicing.Ledger;

/// <summary>
/// Usage is earned when it is rated, not when it is billed: as long as its line waits on a draft, its amount stands on a clearing account, and moves
/// with the line. The document that bills it brings the account back to zero.
/// </summary>
internal static class UsageAccrual
{
    /// <summary>What brings the account of the lines of a document to what they are worth now. The customer's lock is held.</summary>
    /// <returns>Null when it stands there already.</returns>
    public static async Task<LedgerTransaction?> ChangeAsync(DbSession session, Invoice invoice, Instant now, CancellationToken cancellationToken)
    {
        var isGone = invoice.DeletedAt is not null || invoice.State == Lifecycle.InvoiceState.Voided;
        var due = isGone
            ? []
            : invoice.Lines.Where(line => line.Metered is not null)
                .ToDictionary(line => (line.Id, (Guid?)invoice.BillingProfileId), line => InvoicePosting.NetOf(line).Amount);
        var standing = await session.QueryAsync<StandingRow>(StandingSql, new { invoice.Id }, cancellationToken);
        var entries = ImmutableArray.CreateBuilder<LedgerEntry>();
        foreach (var row in standing)
        {
            due.Remove((row.LineId, row.BillingProfileId), out var amount);
            entries.AddRange(Earned(invoice, row.BillingProfileId, row.LineId, amount - row.Amount));
        }

        foreach (var ((lineId, profileId), amount) in due)
        {
            entries.AddRange(Earned(invoice, profileId, lineId, amount));
        }

        if (entries.Count == 0)
        {
            return null;
        }

        var before = await session.SingleAsync<int>(CountSql, new { invoice.Id, kind = InvoicePosting.RatedKind }, cancellationToken);
        return InvoicePosting.Of(
            invoice, $"{InvoicePosting.RatedKind}:{invoice.Id}:{before + 1}", InvoicePosting.RatedKind, now, entries.ToImmutable());
    }

    private static IEnumerable<LedgerEntry> Earned(Invoice invoice, Guid? profileId, Guid lineId, decimal amount)
    {
        if (amount == 0m)
        {
            return [];
        }

        var money = new Money(amount, invoice.Currency);
        LedgerAccount Of(AccountKind kind) => invoice.Account(kind) with { BillingProfileId = profileId };
        return [Of(AccountKind.UsageRatedUnbilled).Debit(money, lineId), Of(AccountKind.Revenue).Credit(money, lineId)];
    }

    private const string StandingSql = """
        select e.source_id as lineId, a.billing_profile_id as billingProfileId, sum(e.amount) as amount
        from invoicing.invoice_line l
        join invoicing.ledger_entry e on e.source_id = l.id
        join invoicing.ledger_account a on a.id = e.account_id and a.kind = 'usage_rated_unbilled'
        where l.invoice_id = @Id
        group by e.source_id, a.billing_profile_id
        order by e.source_id
        """;

    private const string CountSql = "select count(*) from invoicing.ledger_transaction where document_id = @Id and kind = @kind";

    private sealed record StandingRow(Guid LineId, Guid? BillingProfileId, decimal Amount);
}
