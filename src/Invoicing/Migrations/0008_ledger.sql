-- Double entry, append-only: what is owed, earned, prepaid and collected, of which every document is only a view. Amounts are signed: a debit is
-- above zero, a credit below. Corrections are new transactions.

create table invoicing.ledger_account_kind (
    kind         text primary key,
    class        text not null check (class in ('asset', 'liability', 'income', 'expense')),
    normal_side  text not null check (normal_side in ('debit', 'credit')),
    -- Comes back to zero when what it waits for has happened; what does not is aged.
    clears       boolean not null,
    -- Whether the balance may ever stand on the other side.
    overdraws    boolean not null
);

insert into invoicing.ledger_account_kind (kind, class, normal_side, clears, overdraws)
values ('receivable', 'asset', 'debit', false, true),
       ('cash_clearing', 'asset', 'debit', false, true),
       ('usage_unrated', 'asset', 'debit', true, true),
       ('usage_rated_unbilled', 'asset', 'debit', true, true),
       ('customer_credit_paid', 'liability', 'credit', false, false),
       ('customer_credit_promotional', 'liability', 'credit', false, false),
       ('deferred_revenue', 'liability', 'credit', false, true),
       ('tax_payable', 'liability', 'credit', false, true),
       ('revenue', 'income', 'credit', false, true),
       ('breakage', 'income', 'credit', false, true),
       ('internal_recovery', 'income', 'credit', false, true),
       ('internal_cost', 'expense', 'debit', false, true),
       ('promotion_expense', 'expense', 'debit', false, true),
       ('bad_debt', 'expense', 'debit', false, true);

-- One account per kind, currency, seller and customer, so that no row is everybody's. The path names it, and is unique without nulls in the way.
create table invoicing.ledger_account (
    id                  bigint generated always as identity primary key,
    kind                text not null references invoicing.ledger_account_kind (kind),
    currency            text not null,
    minor_digits        smallint not null check (minor_digits between 0 and 12),
    billing_profile_id  uuid,
    customer_id         uuid,
    path                text collate "C" not null unique generated always as (
        kind || '/' || currency || '/' || coalesce(billing_profile_id::text, '-') || '/' || coalesce(customer_id::text, '-')) stored
);

create index ledger_account_customer on invoicing.ledger_account (customer_id);

-- What the entries of an account come to: kept by the posting function under the row's lock, proven by the invariants.
create table invoicing.ledger_balance (
    account_id  bigint primary key references invoicing.ledger_account (id),
    amount      numeric(28,12) not null default 0,
    entries     bigint not null default 0
) with (fillfactor = 70);

-- What one call has posted. Its number says the order in which the chain is sealed, its xact that nothing is added to it later.
create table invoicing.ledger_batch (
    id            bigint primary key,
    xact          xid8 not null,
    posted_at     timestamptz not null,
    transactions  int not null check (transactions > 0),
    entries       int not null check (entries > 1)
);

create sequence invoicing.ledger_batch_number owned by invoicing.ledger_batch.id;

create table invoicing.ledger_transaction (
    id             uuid primary key,
    batch_id       bigint not null,
    key            text collate "C" not null unique check (length(key) between 1 and 255),
    payload_hash   bytea not null check (length(payload_hash) = 32),
    kind           text not null,
    document_type  text,
    document_id    uuid,
    customer_id    uuid,
    effective_at   timestamptz not null,
    posted_at      timestamptz not null,
    corrects_id    uuid,
    description    text,
    check ((document_type is null) = (document_id is null))
);

create index ledger_transaction_batch on invoicing.ledger_transaction (batch_id);
create index ledger_transaction_document on invoicing.ledger_transaction (document_id) where document_id is not null;
create index ledger_transaction_customer on invoicing.ledger_transaction (customer_id, id) where customer_id is not null;
create index ledger_transaction_corrects on invoicing.ledger_transaction (corrects_id) where corrects_id is not null;

create table invoicing.ledger_entry (
    transaction_id  uuid not null,
    position        smallint not null check (position > 0),
    account_id      bigint not null,
    amount          numeric(28,12) not null check (amount <> 0),
    effective_at    timestamptz not null,
    -- What the entry is about: a line, a grant, a payment.
    source_id       uuid,
    primary key (transaction_id, position)
);

create index ledger_entry_account on invoicing.ledger_entry (account_id, effective_at);
create index ledger_entry_source on invoicing.ledger_entry (source_id) where source_id is not null;

-- The second guard behind the grants: what stands here stands for ever, whoever asks.
create trigger ledger_account_append_only before update or delete or truncate on invoicing.ledger_account
    for each statement execute function platform.refuse_change();
create trigger ledger_batch_append_only before update or delete or truncate on invoicing.ledger_batch
    for each statement execute function platform.refuse_change();
create trigger ledger_transaction_append_only before update or delete or truncate on invoicing.ledger_transaction
    for each statement execute function platform.refuse_change();
create trigger ledger_entry_append_only before update or delete or truncate on invoicing.ledger_entry
    for each statement execute function platform.refuse_change();
create trigger ledger_balance_stays before delete or truncate on invoicing.ledger_balance
    for each statement execute function platform.refuse_change();

-- In place of foreign keys, which would look up every row by itself: entries name accounts that exist, in whole minor units, and belong to what
-- this very database transaction posts.
create function invoicing.ledger_check_entries() returns trigger language plpgsql as $$
begin
    if exists (
        select
        from written w
        left join invoicing.ledger_account a on a.id = w.account_id
        left join invoicing.ledger_transaction t on t.id = w.transaction_id and t.effective_at = w.effective_at
        left join invoicing.ledger_batch b on b.id = t.batch_id and b.xact = pg_current_xact_id()
        where b.id is null or a.id is null or w.amount <> round(w.amount, a.minor_digits)) then
        raise exception 'An entry names no account, is no whole number of minor units, or is added to what was posted before.'
            using errcode = 'check_violation';
    end if;
    return null;
end
$$;

create trigger ledger_entry_checked after insert on invoicing.ledger_entry
    referencing new table as written for each statement execute function invoicing.ledger_check_entries();

-- At commit: every transaction of the batch has two entries or more, which sum to zero in each currency.
create function invoicing.ledger_check_batch() returns trigger language plpgsql as $$
declare
    wrong text;
    transactions bigint;
    entries numeric;
begin
    with per_currency as (
        select t.id, t.key, a.currency, sum(e.amount) as amount, count(e.position) as entries
        from invoicing.ledger_transaction t
        left join invoicing.ledger_entry e on e.transaction_id = t.id
        left join invoicing.ledger_account a on a.id = e.account_id
        where t.batch_id = new.id
        group by t.id, t.key, a.currency)
    select min(p.key) filter (where p.amount is distinct from 0), count(distinct p.id), sum(p.entries)
    into wrong, transactions, entries
    from per_currency p;
    if wrong is not null then
        raise exception 'The entries of ledger transaction % do not balance.', wrong using errcode = 'check_violation';
    end if;
    if transactions <> new.transactions or entries <> new.entries then
        raise exception 'Ledger batch % is not what it says.', new.id using errcode = 'check_violation';
    end if;
    return null;
end
$$;

create constraint trigger ledger_batch_balanced after insert on invoicing.ledger_batch
    deferrable initially deferred for each row execute function invoicing.ledger_check_batch();

-- Posts many transactions in one round trip. Keys, accounts and balances are taken in the order of their names, so that nobody waits for somebody
-- who waits. A key that was posted before with the same hash is passed over; with another one everything is refused.
-- Errors: ML001 the key has another payload, ML002 an account would be overdrawn.
create function invoicing.ledger_post(
    posted timestamptz, ids uuid[], keys text[], hashes bytea[], kinds text[], document_types text[], document_ids uuid[], customers uuid[],
    effective timestamptz[], corrected uuid[], descriptions text[],
    account_kinds text[], account_currencies text[], account_digits smallint[], account_profiles uuid[], account_customers uuid[],
    entry_transactions int[], entry_positions smallint[], entry_accounts int[], entry_amounts numeric[], entry_sources uuid[])
returns uuid[]
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    xact xid8 := pg_current_xact_id();
    batch bigint := nextval('invoicing.ledger_batch_number');
    fresh uuid[];
    account_ids bigint[];
    fresh_entries int;
    wrong text;
begin
    with inserted as (
        insert into invoicing.ledger_transaction (
            id, batch_id, key, payload_hash, kind, document_type, document_id, customer_id, effective_at, posted_at, corrects_id, description)
        select t.id, batch, t.key, t.hash, t.kind, t.document_type, t.document_id, t.customer_id, t.effective_at, posted, t.corrects_id, t.description
        from unnest(ids, keys, hashes, kinds, document_types, document_ids, customers, effective, corrected, descriptions)
            as t (id, key, hash, kind, document_type, document_id, customer_id, effective_at, corrects_id, description)
        order by t.key collate "C"
        on conflict (key) do nothing
        returning id)
    select array_agg(id) into fresh from inserted;

    if fresh is null or cardinality(fresh) < cardinality(ids) then
        select t.key into wrong
        from unnest(keys, hashes) as t (key, hash)
        join invoicing.ledger_transaction known on known.key = t.key and known.payload_hash <> t.hash
        order by t.key
        limit 1;
        if wrong is not null then
            raise exception 'The key % was posted before with another payload.', wrong using errcode = 'ML001', hint = wrong;
        end if;
        if fresh is null then
            return array[]::uuid[];
        end if;
    end if;

    with missing as (
        insert into invoicing.ledger_account (kind, currency, minor_digits, billing_profile_id, customer_id)
        select g.kind, g.currency, g.digits, g.profile, g.customer
        from unnest(account_kinds, account_currencies, account_digits, account_profiles, account_customers)
            as g (kind, currency, digits, profile, customer)
        where not exists (
            select from invoicing.ledger_account a
            where a.path = g.kind || '/' || g.currency || '/' || coalesce(g.profile::text, '-') || '/' || coalesce(g.customer::text, '-'))
        order by g.kind collate "C", g.currency collate "C", g.profile, g.customer
        on conflict (path) do nothing
        returning id)
    insert into invoicing.ledger_balance (account_id)
    select id from missing;

    select array_agg(a.id order by g.n) into account_ids
    from unnest(account_kinds, account_currencies, account_profiles, account_customers) with ordinality as g (kind, currency, profile, customer, n)
    join invoicing.ledger_account a
        on a.path = g.kind || '/' || g.currency || '/' || coalesce(g.profile::text, '-') || '/' || coalesce(g.customer::text, '-');
    perform from invoicing.ledger_balance where account_id = any(account_ids) order by account_id for update;

    select count(*) into fresh_entries
    from unnest(entry_transactions) as e (number)
    where cardinality(fresh) = cardinality(ids) or ids[e.number] = any(fresh);
    insert into invoicing.ledger_batch (id, xact, posted_at, transactions, entries)
    values (batch, xact, posted, cardinality(fresh), fresh_entries);

    with written as (
        insert into invoicing.ledger_entry (transaction_id, position, account_id, amount, effective_at, source_id)
        select ids[e.number], e.position, account_ids[e.account], e.amount, effective[e.number], e.source
        from unnest(entry_transactions, entry_positions, entry_accounts, entry_amounts, entry_sources)
            as e (number, position, account, amount, source)
        where cardinality(fresh) = cardinality(ids) or ids[e.number] = any(fresh)
        returning account_id, amount),
    changes as (
        select account_id, sum(amount) as amount, count(*) as entries from written group by account_id)
    update invoicing.ledger_balance b
    set amount = b.amount + c.amount, entries = b.entries + c.entries
    from changes c
    where b.account_id = c.account_id;

    select a.path into wrong
    from invoicing.ledger_balance b
    join invoicing.ledger_account a on a.id = b.account_id
    join invoicing.ledger_account_kind k on k.kind = a.kind
    where b.account_id = any(account_ids) and not k.overdraws and (case k.normal_side when 'debit' then b.amount < 0 else b.amount > 0 end)
    order by a.path
    limit 1;
    if wrong is not null then
        raise exception 'The account % would be overdrawn.', wrong using errcode = 'ML002', hint = wrong;
    end if;
    return fresh;
end
$$;
