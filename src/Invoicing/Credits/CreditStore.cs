using System.Collections.Immutable;
using Metering.Invoicing.Invoices;
using Metering.Invoicing.Ledger;
using Metering.Platform.Database;
using Metering.Platform.Identifiers;
using Metering.Rating;
using Metering.Subscriptions.Credits;
using NodaTime;

namespace Metering.Invoicing.Credits;

/// <summary>
/// Reads and writes wallets, in the caller's transaction. Whoever moves credit holds the customer's lock; this is the one place where movements
/// are written, so that the ledger hears of all of them here.
/// </summary>
internal static class CreditStore
{
    /// <param name="withGrants">Also these, however used up they are.</param>
    public static async Task<CreditBook> LoadAsync(
        DbSession session, Guid customerId, Currency currency, CancellationToken cancellationToken, params Guid[] withGrants)
    {
        var parameters = new { customerId, code = currency.Code, withGrants };
        var rows = await session.QueryAsync<GrantRow>(LoadSql, parameters, cancellationToken);
        var balance = await session.SingleAsync<long>(BalanceSql, parameters, cancellationToken);
        return new CreditBook(rows.Select(row => row.ToGrant(currency)), MinorUnits.ToMoney(balance, currency));
    }

    /// <summary>What a document took and still has, grant by grant and line by line: below zero.</summary>
    public static async Task<ImmutableArray<CreditMovement>> OfInvoiceAsync(
        DbSession session, Guid invoiceId, Currency currency, CancellationToken cancellationToken) =>
    [
        .. (await session.QueryAsync<TakenRow>(OfInvoiceSql, new { invoiceId }, cancellationToken)).Select(row => new CreditMovement(
            row.GrantId, CreditMovementType.Consumed, MinorUnits.ToMoney(row.AmountMinor, currency), Money.Zero(currency), default, invoiceId,
            row.LineId)),
    ];

    /// <summary>Writes the movements of a book, what they leave of its grants, and what they mean in money.</summary>
    /// <param name="billingProfileId">The seller of the document whose credit moves; null when there is no document.</param>
    public static async Task SaveAsync(
        DbSession session, Guid customerId, CreditBook book, Instant now, CancellationToken cancellationToken, Guid? billingProfileId = null)
    {
        if (book.Movements.IsEmpty)
        {
            return;
        }

        var touched = book.Movements.Select(movement => movement.GrantId).Distinct().Select(book.Find).ToArray();
        await session.ExecuteAsync(
            UpdateGrantsSql,
            new
            {
                ids = touched.Select(grant => grant.Id).ToArray(),
                remaining = touched.Select(grant => MinorUnits.Of(grant.Remaining)).ToArray(),
                funded = touched.Select(grant => grant.FundedAt?.ToDateTimeUtc()).ToArray(),
                voided = touched.Select(grant => grant.VoidedAt?.ToDateTimeUtc()).ToArray(),
                now,
            },
            cancellationToken);
        (Guid Id, CreditMovement Movement)[] moved = [.. book.Movements.Select(movement => (PublicId.New(now), movement))];
        var currency = book.Balance.Currency.Code;
        await session.ExecuteAsync(
            InsertSql,
            new
            {
                movements = StoredJson.Write(moved.Select(one => new
                {
                    id = one.Id,
                    grant_id = one.Movement.GrantId,
                    type = NameOf(one.Movement.Type),
                    amount_minor = MinorUnits.Of(one.Movement.Amount),
                    balance_before = MinorUnits.Of(one.Movement.Before),
                    balance_after = MinorUnits.Of(one.Movement.After),
                    booked_at = one.Movement.BookedAt,
                    invoice_id = one.Movement.InvoiceId,
                    line_id = one.Movement.LineId,
                })),
                customerId,
                currency,
                now,
            },
            cancellationToken);
        var prices = (await session.QueryAsync<PriceRow>(PricesSql, new { ids = touched.Select(grant => grant.Id).ToArray() }, cancellationToken))
            .ToDictionary(row => row.Id, row => MinorUnits.ToMoney(row.PurchaseMinor, book.Balance.Currency));
        await GeneralLedger.PostAsync(
            session,
            [
                .. moved.Select(one => CreditPosting.Of(
                    one.Movement, one.Id, customerId, book.Find(one.Movement.GrantId).IsPaid, prices[one.Movement.GrantId], billingProfileId)),
            ],
            now, cancellationToken);
        await TellAsync(session, customerId, book.Balance.Currency, cancellationToken);
    }

    /// <summary>Sidecars may spend what pays for every feature: what pays for some only would pay for others there.</summary>
    private static async Task TellAsync(DbSession session, Guid customerId, Currency currency, CancellationToken cancellationToken)
    {
        var free = await session.SingleAsync<long>(UnrestrictedSql, new { customerId, code = currency.Code }, cancellationToken);
        await CreditAccounts.SetAsync(session, customerId, currency, MinorUnits.ToMoney(free, currency).Amount, cancellationToken);
    }

    public static string NameOf(CreditMovementType type) => type switch
    {
        CreditMovementType.Funded => "funded",
        CreditMovementType.Consumed => "consumed",
        CreditMovementType.Expired => "expired",
        CreditMovementType.Voided => "voided",
    };

    private const string LoadSql = """
        select id, number, name, funding_method <> 'none' as isPaid, amount_minor as amountMinor, to_jsonb(features)::text as features, priority,
               effective_at as effectiveAt, expires_at as expiresAt, funded_at as fundedAt, voided_at as voidedAt,
               remaining_minor as remainingMinor
        from invoicing.credit_grant
        where customer_id = @customerId
          and currency = @code
          and ((voided_at is null and (funded_at is null or remaining_minor > 0)) or id = any(@withGrants))
        order by number
        """;

    private const string BalanceSql = """
        select coalesce(sum(remaining_minor), 0)::bigint from invoicing.credit_grant where customer_id = @customerId and currency = @code
        """;

    private const string UnrestrictedSql = BalanceSql + " and features = '{}'";

    private const string PricesSql = """
        select id, coalesce(purchase_minor, 0) as purchaseMinor from invoicing.credit_grant where id = any(@ids)
        """;

    private const string OfInvoiceSql = """
        select grant_id as grantId, line_id as lineId, sum(amount_minor)::bigint as amountMinor
        from invoicing.credit_transaction
        where invoice_id = @invoiceId
        group by grant_id, line_id
        having sum(amount_minor) <> 0
        order by max(number)
        """;

    private const string UpdateGrantsSql = """
        update invoicing.credit_grant g
        set remaining_minor = c.remaining, funded_at = c.funded, voided_at = c.voided, updated_at = @now
        from unnest(@ids, @remaining, @funded::timestamptz[], @voided::timestamptz[]) as c (id, remaining, funded, voided)
        where g.id = c.id
        """;

    private const string InsertSql = """
        insert into invoicing.credit_transaction (
            id, grant_id, customer_id, currency, type, amount_minor, balance_before, balance_after, booked_at, created_at, invoice_id, line_id)
        select id, grant_id, @customerId, @currency, type, amount_minor, balance_before, balance_after, booked_at, @now, invoice_id, line_id
        from rows from (jsonb_to_recordset(@movements::jsonb) as (
            id uuid, grant_id uuid, type text, amount_minor bigint, balance_before bigint, balance_after bigint, booked_at timestamptz,
            invoice_id uuid, line_id uuid)) with ordinality as movement (
            id, grant_id, type, amount_minor, balance_before, balance_after, booked_at, invoice_id, line_id, ordinal)
        order by ordinal
        """;

    private sealed record GrantRow(
        Guid Id, long Number, string Name, bool IsPaid, long AmountMinor, string Features, int Priority, Instant EffectiveAt, Instant? ExpiresAt,
        Instant? FundedAt, Instant? VoidedAt, long RemainingMinor)
    {
        public CreditGrant ToGrant(Currency currency) => new(
            Id, Number, Name, IsPaid, MinorUnits.ToMoney(AmountMinor, currency), StoredJson.Read<ImmutableArray<string>>(Features), Priority,
            EffectiveAt, ExpiresAt, FundedAt, VoidedAt, MinorUnits.ToMoney(RemainingMinor, currency));
    }

    private sealed record PriceRow(Guid Id, long PurchaseMinor);

    private sealed record TakenRow(Guid GrantId, Guid? LineId, long AmountMinor);
}
