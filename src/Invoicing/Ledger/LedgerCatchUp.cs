using Metering.Invoicing.Invoices;
using Metering.Invoicing.Lifecycle;
using Metering.Platform.Database;
using Metering.Rating;
using NodaTime;

namespace Metering.Invoicing.Ledger;

/// <summary>
/// Posts the documents and payments from before there was a ledger, one document per transaction and each once, from the oldest on; a stop in between
/// loses nothing. On a database that began with a ledger there is nothing to do.
/// </summary>
public sealed class LedgerCatchUp(MeteringDatabase database)
{
    public async Task RunAsync(Instant now, CancellationToken cancellationToken)
    {
        while (await PostNextAsync(now, cancellationToken))
        {
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    private async Task<bool> PostNextAsync(Instant now, CancellationToken cancellationToken)
    {
        await using var session = await database.BeginAsync(cancellationToken);
        if (await session.FirstOrNoneAsync<Guid?>(ThroughSql, null, cancellationToken) is not { } through)
        {
            return false;
        }

        if (await session.FirstOrNoneAsync<NextRow>(NextSql, new { through }, cancellationToken) is { } next)
        {
            await InvoiceStore.LockCustomerAsync(session, next.CustomerId, cancellationToken);
            var invoice = await InvoiceRow.FindAsync(session, "i.id = @Id", new { next.Id }, withDeletedLines: false, cancellationToken)
                ?? throw new InvalidOperationException($"Invoice {next.Id} is gone, and invoices never go.");
            await PostAsync(session, invoice, now, cancellationToken);
            await session.ExecuteAsync("update invoicing.ledger_catch_up set through = @Id", new { next.Id }, cancellationToken);
        }
        else
        {
            await session.ExecuteAsync("delete from invoicing.ledger_catch_up", null, cancellationToken);
        }

        await session.CommitAsync(cancellationToken);
        return true;
    }

    /// <summary>What was posted since by itself is passed over.</summary>
    private static async Task PostAsync(DbSession session, Invoice invoice, Instant now, CancellationToken cancellationToken)
    {
        if (!invoice.IsIssued)
        {
            await InvoiceBooks.BillAsync(session, invoice, now, now, cancellationToken);
            return;
        }

        var payments = await session.QueryAsync<PaymentRow>(PaymentsSql, new { invoice.Id }, cancellationToken);
        string[] keys =
        [
            InvoicePosting.IssuedKey(invoice.Id), InvoicePosting.WrittenOffKey(invoice.Id), InvoicePosting.VoidedKey(invoice.Id),
            .. payments.Select(payment => InvoicePosting.PaymentKey(payment.Id)),
        ];
        var known = (await LedgerReader.FindAsync(session, keys, cancellationToken)).Select(one => one.Content.Key).ToHashSet(StringComparer.Ordinal);
        if (!known.Contains(InvoicePosting.IssuedKey(invoice.Id)))
        {
            await InvoiceBooks.BillAsync(session, invoice, invoice.IssuedAt, now, cancellationToken);
        }

        foreach (var payment in payments.Where(payment => !known.Contains(InvoicePosting.PaymentKey(payment.Id))))
        {
            var amount = MinorUnits.ToMoney(payment.AmountMinor, invoice.Currency);
            var owed = invoice with { State = InvoiceState.Issued };
            await InvoiceBooks.PayAsync(session, owed, payment.Id, amount, payment.PaidAt, now, cancellationToken);
        }

        if (invoice.State == InvoiceState.Voided && !known.Contains(InvoicePosting.VoidedKey(invoice.Id)))
        {
            await InvoiceBooks.TakeBackAsync(session, invoice, invoice.VoidedAt ?? now, cancellationToken);
        }
        else if (invoice.State == InvoiceState.Uncollectible && !known.Contains(InvoicePosting.WrittenOffKey(invoice.Id)))
        {
            await InvoiceBooks.GiveUpAsync(session, invoice, invoice.UpdatedAt, cancellationToken);
        }
    }

    private const string ThroughSql = "select through from invoicing.ledger_catch_up for update";

    private const string NextSql = """
        select id, customer_id as customerId from invoicing.invoice where id > @through order by id limit 1
        """;

    private const string PaymentsSql = """
        select id, amount_minor as amountMinor, paid_at as paidAt from invoicing.payment where invoice_id = @Id order by number
        """;

    private sealed record NextRow(Guid Id, Guid CustomerId);

    private sealed record PaymentRow(Guid Id, long AmountMinor, Instant PaidAt);
}
