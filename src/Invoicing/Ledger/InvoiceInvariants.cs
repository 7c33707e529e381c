using System.Collections.Immutable;

namespace Metering.Invoicing.Ledger;

/// <summary>What holds between documents and the books. While documents from before the ledger are being posted, it is not asked.</summary>
internal static class InvoiceInvariants
{
    /// <summary>The tax that a line's amount holds, in major units.</summary>
    private const string InclusiveSql = "coalesce((l.tax ->> 'amount')::numeric * (l.tax ->> 'behavior' = 'inclusive')::int, 0)";

    private const string CaughtUpSql = "not exists (select from invoicing.ledger_catch_up)";

    public static readonly ImmutableArray<LedgerInvariant> All =
    [
        new("invoices", "An issued invoice is posted once: what is owed, and its tax.", $"""
            with posted as (
                select t.document_id,
                       coalesce(sum(e.amount * 10::numeric ^ a.minor_digits) filter (where a.kind = 'receivable'), 0) as owed,
                       coalesce(-sum(e.amount * 10::numeric ^ a.minor_digits) filter (where a.kind = 'tax_payable'), 0) as tax
                from invoicing.ledger_transaction t
                join invoicing.ledger_entry e on e.transaction_id = t.id
                join invoicing.ledger_account a on a.id = e.account_id
                where t.kind = 'invoice.issued'
                group by t.document_id)
            select i.number as subject, (i.subtotal_minor + i.tax_minor) || ', tax ' || (i.tax_minor + i.tax_inclusive_minor) as expected,
                   trim_scale(coalesce(p.owed, 0)) || ', tax ' || trim_scale(coalesce(p.tax, 0)) as actual
            from invoicing.invoice i
            left join posted p on p.document_id = i.id
            where i.sealed and {CaughtUpSql}
              and (coalesce(p.owed, 0) <> i.subtotal_minor + i.tax_minor or coalesce(p.tax, 0) <> i.tax_minor + i.tax_inclusive_minor)
            """),
        new("lines", "Every billed line is one entry of its invoice's posting, with its amount before tax.", $"""
            select i.number || ' line ' || l.position as subject, l.amount_minor || ' less tax ' || trim_scale({InclusiveSql}) as expected,
                   count(e.amount) || ' entries, ' || coalesce(trim_scale(-sum(e.amount))::text, 'nothing') as actual
            from invoicing.invoice_line l
            join invoicing.invoice i on i.id = l.invoice_id
            left join invoicing.ledger_transaction t on t.document_id = i.id and t.kind = 'invoice.issued'
            left join invoicing.ledger_entry e on e.transaction_id = t.id and e.source_id = l.id
            left join invoicing.ledger_account a on a.id = e.account_id
            where i.sealed and l.deleted_at is null and {CaughtUpSql}
            group by i.id, i.number, l.id
            having count(e.amount) > 1
                or (count(e.amount) = 0 and case when {InclusiveSql} = 0 then l.amount_minor <> 0 else l.amount_minor = 0 end)
                or (count(e.amount) = 1 and (-sum(e.amount) + {InclusiveSql}) * 10::numeric ^ max(a.minor_digits) <> l.amount_minor)
            """),
        new("payments", "Every payment is posted once.", $"""
            select 'payment ' || p.id as subject, p.amount_minor::text as expected, coalesce(trim_scale(sum(e.amount))::text, 'nothing') as actual
            from invoicing.payment p
            left join invoicing.ledger_transaction t on t.key = 'payment.received:' || p.id
            left join invoicing.ledger_entry e on e.transaction_id = t.id and e.amount > 0
            left join invoicing.ledger_account a on a.id = e.account_id
            where {CaughtUpSql}
            group by p.id
            having coalesce(sum(e.amount * 10::numeric ^ a.minor_digits), 0) <> abs(p.amount_minor)
            """),
        new("receivables", "What is posted as owed on an invoice is what is outstanding on it.", $"""
            with owed as (
                select t.document_id, sum(e.amount * 10::numeric ^ a.minor_digits) as amount
                from invoicing.ledger_transaction t
                join invoicing.ledger_entry e on e.transaction_id = t.id
                join invoicing.ledger_account a on a.id = e.account_id and a.kind = 'receivable'
                where t.document_type = 'invoice'
                group by t.document_id),
            standing as (
                select i.id, i.number, case i.state
                    when 'voided' then -i.paid_minor
                    when 'uncollectible' then 0
                    else i.total_minor - i.paid_minor end as minor
                from invoicing.invoice i
                where i.sealed)
            select s.number as subject, s.minor::text as expected, trim_scale(coalesce(o.amount, 0))::text as actual
            from standing s
            left join owed o on o.document_id = s.id
            where {CaughtUpSql} and coalesce(o.amount, 0) <> s.minor
            """),
        new("unbilled_usage", "Rated usage stands on its clearing account as long as its line waits to be billed, and not longer.", $"""
            with standing as (
                select e.source_id, sum(e.amount) as amount, max(a.minor_digits) as digits
                from invoicing.ledger_entry e
                join invoicing.ledger_account a on a.id = e.account_id and a.kind = 'usage_rated_unbilled'
                group by e.source_id),
            waiting as (
                select l.id, l.name, l.amount_minor, {InclusiveSql} as inclusive
                from invoicing.invoice_line l
                join invoicing.invoice i on i.id = l.invoice_id
                where not i.sealed and i.deleted_at is null and l.deleted_at is null and l.watermark is not null)
            select coalesce(w.name, 'line ' || s.source_id) as subject, coalesce(w.amount_minor, 0)::text as expected,
                   trim_scale(coalesce(s.amount, 0))::text as actual
            from waiting w
            full join standing s on s.source_id = w.id
            where {CaughtUpSql}
              and (coalesce(s.amount, 0) + coalesce(w.inclusive, 0)) * 10::numeric ^ coalesce(s.digits, 0) <> coalesce(w.amount_minor, 0)
            """),
        new("credit_wallets", "What stands as credit of a customer is what is left of their grants.", """
            with standing as (
                select a.customer_id, a.currency, -sum(b.amount * 10::numeric ^ a.minor_digits) as minor
                from invoicing.ledger_balance b
                join invoicing.ledger_account a on a.id = b.account_id and a.kind in ('customer_credit_paid', 'customer_credit_promotional')
                group by a.customer_id, a.currency),
            wallet as (
                select customer_id, currency, sum(remaining_minor) as minor from invoicing.credit_grant group by customer_id, currency)
            select 'customer ' || customer_id || ' ' || currency as subject, coalesce(w.minor, 0)::text as expected,
                   trim_scale(coalesce(s.minor, 0))::text as actual
            from wallet w
            full join standing s using (customer_id, currency)
            where coalesce(w.minor, 0) <> coalesce(s.minor, 0)
            """),
        new("deferred_revenue", "What is deferred of a fee is what is not earned of it yet.", """
            with standing as (
                select e.source_id, -sum(e.amount) as amount
                from invoicing.ledger_entry e
                join invoicing.ledger_account a on a.id = e.account_id and a.kind = 'deferred_revenue'
                group by e.source_id)
            select 'line ' || coalesce(d.line_id, s.source_id) as subject, trim_scale(coalesce(d.amount - d.recognised, 0))::text as expected,
                   trim_scale(coalesce(s.amount, 0))::text as actual
            from invoicing.ledger_deferral d
            full join standing s on s.source_id = d.line_id
            where coalesce(s.amount, 0) <> coalesce(d.amount - d.recognised, 0)
            """),
    ];
}
