using Metering.Invoicing.Invoices;
using Metering.Platform.Database;
using Metering.Rating;
using NodaTime;

namespace Metering.Invoicing.Ledger;

/// <summary>Fees that are billed before they are served, and how much of each is earned by when.</summary>
internal sealed record RevenueDeferral(
    Guid LineId, Guid InvoiceId, Guid BillingProfileId, Guid CustomerId, string Currency, decimal Amount, decimal Recognised, Instant ServedFrom,
    Instant ServedTo, Instant NextAt)
{
    /// <summary>Completed by what follows <c>from invoicing.ledger_deferral</c>.</summary>
    public const string ColumnsSql = """
        line_id as lineId, invoice_id as invoiceId, billing_profile_id as billingProfileId, customer_id as customerId, currency, amount, recognised,
        served_from as servedFrom, served_to as servedTo, next_at as nextAt
        """;

    /// <summary>The next end of a month in UTC, or the end of what is served, whichever comes first.</summary>
    public static Instant NextAfter(Instant instant, Instant servedTo)
    {
        var next = instant.InUtc().Date.With(DateAdjusters.StartOfMonth).PlusMonths(1).AtMidnight().InUtc().ToInstant();
        return Instant.Min(next, servedTo);
    }

    /// <summary>In proportion to the time that is over, rounded, so that the parts sum to the whole at the end.</summary>
    public decimal EarnedBy(Instant instant)
    {
        if (instant >= ServedTo)
        {
            return Amount;
        }

        var share = (decimal)(instant - ServedFrom).BclCompatibleTicks / (ServedTo - ServedFrom).BclCompatibleTicks;
        return instant <= ServedFrom
            ? 0m
            : new ExactAmount(Amount * share, Rating.Currency.Parse(Currency)).Round(Rounding.HalfAwayFromZero).Amount;
    }

    /// <summary>What is earned at <see cref="NextAt"/>; it counts in the period that ends there.</summary>
    /// <returns>Null when it is less than a minor unit.</returns>
    public LedgerTransaction? Earn()
    {
        var earned = new Money(EarnedBy(NextAt) - Recognised, Rating.Currency.Parse(Currency));
        return earned.IsZero
            ? null
            : new LedgerTransaction(
                $"{InvoicePosting.RecognisedKind}:{LineId}:{NextAt.ToUnixTimeTicks()}", InvoicePosting.RecognisedKind,
                LedgerDocument.Invoice(InvoiceId), CustomerId, NextAt - Duration.FromTicks(10),
                [Account(AccountKind.DeferredRevenue).Debit(earned, LineId), Account(AccountKind.Revenue).Credit(earned, LineId)]);
    }

    public static async Task BeginAsync(DbSession session, Invoice invoice, CancellationToken cancellationToken)
    {
        foreach (var line in InvoicePosting.Deferred(invoice))
        {
            var parameters = new
            {
                line.Id,
                InvoiceId = invoice.Id,
                invoice.BillingProfileId,
                CustomerId = invoice.Customer.Id,
                Currency = invoice.Currency.Code,
                InvoicePosting.NetOf(line).Amount,
                line.Period.Start,
                line.Period.End,
                NextAt = NextAfter(Instant.Max(invoice.IssuedAt, line.Period.Start), line.Period.End),
            };
            await session.ExecuteAsync(BeginSql, parameters, cancellationToken);
        }
    }

    /// <summary>What was earned of a document that is taken back.</summary>
    /// <returns>Null when nothing was.</returns>
    public static async Task<LedgerTransaction?> EndAsync(DbSession session, Invoice invoice, Instant now, CancellationToken cancellationToken)
    {
        var earned = await session.QueryAsync<EarnedRow>(EndSql, new { invoice.Id }, cancellationToken);
        return InvoicePosting.Of(
            invoice, $"{InvoicePosting.VoidedKind}:{InvoicePosting.RecognisedKind}:{invoice.Id}", InvoicePosting.VoidedKind, now,
            [
                .. earned.SelectMany(row => new[]
                {
                    invoice.Account(AccountKind.Revenue).Debit(new Money(row.Recognised, invoice.Currency), row.LineId),
                    invoice.Account(AccountKind.DeferredRevenue).Credit(new Money(row.Recognised, invoice.Currency), row.LineId),
                }),
            ]);
    }

    private LedgerAccount Account(AccountKind kind) => new(kind, Rating.Currency.Parse(Currency), BillingProfileId, CustomerId);

    private const string BeginSql = """
        insert into invoicing.ledger_deferral (
            line_id, invoice_id, billing_profile_id, customer_id, currency, amount, served_from, served_to, next_at)
        values (@Id, @InvoiceId, @BillingProfileId, @CustomerId, @Currency, @Amount, @Start, @End, @NextAt)
        on conflict (line_id) do nothing
        """;

    private const string EndSql = """
        with ended as (
            select line_id, recognised from invoicing.ledger_deferral where invoice_id = @Id for update)
        update invoicing.ledger_deferral d
        set amount = 0, recognised = 0, next_at = null
        from ended
        where d.line_id = ended.line_id
        returning d.line_id as lineId, ended.recognised
        """;

    private sealed record EarnedRow(Guid LineId, decimal Recognised);
}
