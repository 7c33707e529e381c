using System.Collections.Immutable;
using Metering.Platform.Database;

namespace Metering.Invoicing.Ledger;

/// <summary>The list of what must hold: of the books alone, and of documents against the books. Documents are compared in minor units.</summary>
public static class LedgerInvariants
{
    private const int MaxViolations = 100;

    private static readonly ImmutableArray<LedgerInvariant> All =
    [
        new("trial_balance", "All entries of a currency sum to zero.", """
            select a.currency as subject, '0' as expected, trim_scale(sum(e.amount))::text as actual
            from invoicing.ledger_entry e
            join invoicing.ledger_account a on a.id = e.account_id
            group by a.currency
            having sum(e.amount) <> 0
            """),
        new("balances", "The balance of an account is the sum of its entries.", """
            select a.path as subject, trim_scale(coalesce(e.amount, 0))::text as expected, trim_scale(b.amount)::text as actual
            from invoicing.ledger_account a
            left join invoicing.ledger_balance b on b.account_id = a.id
            left join (select account_id, sum(amount) as amount, count(*) as entries from invoicing.ledger_entry group by account_id) e
                on e.account_id = a.id
            where b.amount is distinct from coalesce(e.amount, 0) or b.entries is distinct from coalesce(e.entries, 0)
            """),
        new("credit", "No credit of a customer is overdrawn.", """
            select a.path as subject, '0 or more' as expected,
                   trim_scale(case k.normal_side when 'debit' then b.amount else -b.amount end)::text as actual
            from invoicing.ledger_balance b
            join invoicing.ledger_account a on a.id = b.account_id
            join invoicing.ledger_account_kind k on k.kind = a.kind
            where not k.overdraws and (case k.normal_side when 'debit' then b.amount < 0 else b.amount > 0 end)
            """),
        new("transactions", "Every transaction has two entries or more, and they balance in each currency.", """
            select t.key as subject, '0' as expected, coalesce(trim_scale(sum(e.amount))::text, 'no entries') as actual
            from invoicing.ledger_transaction t
            left join invoicing.ledger_entry e on e.transaction_id = t.id
            left join invoicing.ledger_account a on a.id = e.account_id
            group by t.id, t.key, a.currency
            having sum(e.amount) is distinct from 0
            """),
        new("batches", "Every batch has the transactions and entries that it was posted with.", """
            select 'batch ' || b.id as subject, b.transactions || ' with ' || b.entries as expected, t.transactions || ' with ' || t.entries as actual
            from invoicing.ledger_batch b
            left join (
                select t.batch_id, count(distinct t.id) as transactions, count(e.position) as entries
                from invoicing.ledger_transaction t
                left join invoicing.ledger_entry e on e.transaction_id = t.id
                group by t.batch_id) t on t.batch_id = b.id
            where t.transactions is distinct from b.transactions or t.entries is distinct from b.entries
            """),
        new("documents", "Every transaction of a document leads to it.", """
            select t.key as subject, 'an invoice' as expected, t.document_id::text as actual
            from invoicing.ledger_transaction t
            where t.document_type = 'invoice' and not exists (select from invoicing.invoice i where i.id = t.document_id)
            """),
        .. InvoiceInvariants.All,
    ];

    /// <summary>All of them, of one state of the books.</summary>
    public static async Task<ImmutableArray<LedgerInvariantResult>> CheckAsync(MeteringDatabase database, CancellationToken cancellationToken)
    {
        await using var session = await database.BeginAsync(cancellationToken);
        await session.ExecuteAsync("set transaction isolation level repeatable read, read only", null, cancellationToken);
        var results = ImmutableArray.CreateBuilder<LedgerInvariantResult>();
        foreach (var invariant in All)
        {
            var violations = await session.QueryAsync<LedgerViolation>(
                $"select * from ({invariant.Sql}) as violation order by subject limit {MaxViolations}", null, cancellationToken);
            results.Add(new LedgerInvariantResult(invariant.Name, invariant.Statement, violations.Count == 0, [.. violations]));
        }

        return results.ToImmutable();
    }
}
