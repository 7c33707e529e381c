using Metering.Invoicing.Invoices;
using Metering.Platform.Clock;
using Metering.Platform.Database;
using Metering.Rating;
using NodaTime;

namespace Metering.Invoicing.Credits;

/// <summary>Books what became effective and what expired, one wallet per transaction, when its time comes or, after an outage, later.</summary>
public sealed class CreditAgeing(MeteringDatabase database) : IDueWork
{
    public async Task<Instant?> NextDueAsync(CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(cancellationToken);
        return await session.SingleAsync<Instant?>(NextDueSql, null, cancellationToken);
    }

    public async Task RunDueAsync(Instant now, CancellationToken cancellationToken)
    {
        while (await SettleNextAsync(now, cancellationToken))
        {
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    /// <returns>False when nothing is due.</returns>
    private async Task<bool> SettleNextAsync(Instant now, CancellationToken cancellationToken)
    {
        WalletRow? due;
        await using (var session = await database.OpenAsync(cancellationToken))
        {
            due = await session.FirstOrNoneAsync<WalletRow>(FindDueSql, new { now }, cancellationToken);
        }

        if (due is null)
        {
            return false;
        }

        await using var settling = await database.BeginAsync(cancellationToken);
        await InvoiceStore.LockCustomerAsync(settling, due.CustomerId, cancellationToken);
        var book = await CreditStore.LoadAsync(settling, due.CustomerId, Currency.Parse(due.Currency), cancellationToken);
        book.SettleUntil(now);
        await CreditStore.SaveAsync(settling, due.CustomerId, book, now, cancellationToken);
        await settling.CommitAsync(cancellationToken);
        return true;
    }

    private const string NextDueSql = """
        select least(
            (select min(effective_at) from invoicing.credit_grant where funded_at is null and voided_at is null),
            (select min(expires_at) from invoicing.credit_grant where remaining_minor > 0 and expires_at is not null))
        """;

    private const string FindDueSql = """
        select customer_id as customerId, currency
        from invoicing.credit_grant
        where (funded_at is null and voided_at is null and effective_at <= @now) or (remaining_minor > 0 and expires_at <= @now)
        limit 1
        """;

    private sealed record WalletRow(Guid CustomerId, string Currency);
}
