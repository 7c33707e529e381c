using Metering.Invoicing.Invoices;
using Metering.Platform.Database;
using NodaTime;

namespace Metering.Invoicing.Ledger;

/// <summary>Makes revenue of fees as they are served: at each end of a month and at the end of what they pay for.</summary>
public sealed class RevenueRecognition(MeteringDatabase database)
{
    /// <summary>A month's ends at a time, of one customer, in one transaction.</summary>
    private const int MaxAtOnce = 500;

    public async Task<Instant?> NextDueAsync(CancellationToken cancellationToken)
    {
        await using var session = await database.OpenAsync(cancellationToken);
        return await session.SingleAsync<Instant?>("select min(next_at) from invoicing.ledger_deferral", null, cancellationToken);
    }

    public async Task RunDueAsync(Instant now, CancellationToken cancellationToken)
    {
        while (await EarnAsync(now, cancellationToken))
        {
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    private async Task<bool> EarnAsync(Instant now, CancellationToken cancellationToken)
    {
        await using var session = await database.BeginAsync(cancellationToken);
        if (await session.FirstOrNoneAsync<Guid?>(FindSql, new { now }, cancellationToken) is not { } customerId)
        {
            return false;
        }

        await InvoiceStore.LockCustomerAsync(session, customerId, cancellationToken);
        var due = await session.QueryAsync<RevenueDeferral>(DueSql, new { customerId, now, most = MaxAtOnce }, cancellationToken);
        await GeneralLedger.PostAsync(session, [.. due.Select(one => one.Earn()).OfType<LedgerTransaction>()], now, cancellationToken);
        foreach (var one in due)
        {
            var next = one.NextAt >= one.ServedTo ? (Instant?)null : RevenueDeferral.NextAfter(one.NextAt, one.ServedTo);
            await session.ExecuteAsync(MoveSql, new { one.LineId, earned = one.EarnedBy(one.NextAt), next }, cancellationToken);
        }

        await session.CommitAsync(cancellationToken);
        return true;
    }

    private const string FindSql = """
        select customer_id from invoicing.ledger_deferral where next_at <= @now order by next_at, customer_id limit 1
        """;

    private const string DueSql = $"""
        select {RevenueDeferral.ColumnsSql}
        from invoicing.ledger_deferral
        where customer_id = @customerId and next_at <= @now
        order by next_at, line_id
        limit @most
        """;

    private const string MoveSql = "update invoicing.ledger_deferral set recognised = @earned, next_at = @next where line_id = @LineId";
}
