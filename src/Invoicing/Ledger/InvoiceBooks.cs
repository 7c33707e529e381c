using System.Collections.Immutable;
using Metering.Invoicing.Invoices;
using Metering.Invoicing.Lifecycle;
using Metering.Platform.Database;
using Metering.Rating;
using NodaTime;

namespace Metering.Invoicing.Ledger;

/// <summary>Posts what becomes of invoices, in the transaction in which it becomes of them. The customer's lock is held.</summary>
internal static class InvoiceBooks
{
    /// <summary>Follows what was just stored.</summary>
    /// <param name="before">As it was stored; null when it is new.</param>
    public static async Task FollowAsync(DbSession session, Invoice invoice, Invoice? before, CancellationToken cancellationToken)
    {
        var now = invoice.UpdatedAt;
        if (before is not { IsIssued: true })
        {
            await BillAsync(session, invoice, invoice.IsIssued ? invoice.IssuedAt : now, now, cancellationToken);
        }
        else if (invoice.State == InvoiceState.Voided && before.State != InvoiceState.Voided)
        {
            await TakeBackAsync(session, invoice, now, cancellationToken);
        }
        else if (invoice.State == InvoiceState.Uncollectible && before.State != InvoiceState.Uncollectible)
        {
            await GiveUpAsync(session, invoice, now, cancellationToken);
        }
    }

    internal static Task GiveUpAsync(DbSession session, Invoice invoice, Instant now, CancellationToken cancellationToken) =>
        PostAsync(session, now, cancellationToken, InvoicePosting.WrittenOff(invoice, now));

    public static Task PayAsync(
        DbSession session, Invoice invoice, Guid paymentId, Money amount, Instant paidAt, Instant now, CancellationToken cancellationToken) =>
        PostAsync(session, now, cancellationToken, InvoicePosting.Payment(
            invoice, paymentId, amount, paidAt, wasGivenUp: invoice.State == InvoiceState.Uncollectible));

    /// <summary>Usage on a draft is earned; an issued document is owed.</summary>
    /// <param name="at">When it counts.</param>
    internal static async Task BillAsync(DbSession session, Invoice invoice, Instant at, Instant now, CancellationToken cancellationToken)
    {
        var rated = await UsageAccrual.ChangeAsync(session, invoice, at, cancellationToken);
        if (!invoice.IsIssued)
        {
            await PostAsync(session, now, cancellationToken, rated);
            return;
        }

        await PostAsync(session, now, cancellationToken, rated, InvoicePosting.Issued(invoice));
        await RevenueDeferral.BeginAsync(session, invoice, cancellationToken);
    }

    /// <summary>A document that counts no longer: what was posted of it, and what was earned of it by then.</summary>
    internal static async Task TakeBackAsync(DbSession session, Invoice invoice, Instant now, CancellationToken cancellationToken)
    {
        var posted = await LedgerReader.FindAsync(
            session, [InvoicePosting.IssuedKey(invoice.Id), InvoicePosting.WrittenOffKey(invoice.Id)], cancellationToken);
        ImmutableArray<LedgerTransaction?> reversals =
        [
            .. posted.Select(one => one.Reversed($"{InvoicePosting.VoidedKind}:{one.Content.Key}", InvoicePosting.VoidedKind, now)),
        ];
        await PostAsync(
            session, now, cancellationToken, [.. reversals, await RevenueDeferral.EndAsync(session, invoice, now, cancellationToken)]);

        // With the document taken back its usage is unbilled again; lines that wait to be billed anew bring theirs with them.
        await PostAsync(session, now, cancellationToken, await UsageAccrual.ChangeAsync(session, invoice, now, cancellationToken));
    }

    private static Task PostAsync(
        DbSession session, Instant now, CancellationToken cancellationToken, params ReadOnlySpan<LedgerTransaction?> transactions)
    {
        var saying = ImmutableArray.CreateBuilder<LedgerTransaction>();
        foreach (var transaction in transactions)
        {
            if (transaction is not null)
            {
                saying.Add(transaction);
            }
        }

        return GeneralLedger.PostAsync(session, saying.ToImmutable(), now, cancellationToken);
    }
}
