-- Prepaid credit: what customers were granted, and every movement of it. What is left of a grant is the sum of its movements, checked when they
-- are committed; movements are never changed.

create table invoicing.credit_grant (
    id                 uuid primary key,
    number             bigint generated always as identity,
    customer_id        uuid not null,
    currency           text not null,
    name               text not null,
    description        text,
    labels             jsonb not null default '{}',
    key                text,
    -- Whether somebody paid for it, and how: a grant that nobody paid for is promotional.
    funding_method     text not null check (funding_method in ('none', 'invoice', 'external')),
    amount_minor       bigint not null check (amount_minor > 0),
    cost_basis         numeric(28,12) check (cost_basis > 0),
    purchase_minor     bigint check (purchase_minor > 0),
    -- The key of the line by which it is paid on an invoice.
    purchase_line      text check ((purchase_line is not null) = (funding_method = 'invoice')),
    settlement_status  text check (settlement_status in ('pending', 'authorized', 'settled')),
    tax_config         jsonb,
    features           text[] not null default '{}',
    priority           int not null check (priority between 1 and 1000),
    effective_at       timestamptz not null,
    expires_at         timestamptz,
    created_at         timestamptz not null,
    updated_at         timestamptz not null,
    -- Null until it is effective; its amount is in no balance before.
    funded_at          timestamptz,
    remaining_minor    bigint not null default 0,
    voided_at          timestamptz,
    check (remaining_minor between 0 and amount_minor),
    check (effective_at < expires_at),
    check ((funding_method = 'none') = (purchase_minor is null)),
    check (voided_at is null or remaining_minor = 0)
);

create unique index credit_grant_key on invoicing.credit_grant (customer_id, key) where key is not null;
create index credit_grant_customer on invoicing.credit_grant (customer_id, number);
create index credit_grant_starting on invoicing.credit_grant (effective_at) where funded_at is null and voided_at is null;
create index credit_grant_ending on invoicing.credit_grant (expires_at) where remaining_minor > 0 and expires_at is not null;

create table invoicing.credit_transaction (
    id              uuid primary key,
    number          bigint generated always as identity,
    grant_id        uuid not null references invoicing.credit_grant (id),
    customer_id     uuid not null,
    currency        text not null,
    type            text not null check (type in ('funded', 'consumed', 'expired', 'voided')),
    -- Of what adds to the balance above zero: funding, and what is given back of what was consumed.
    amount_minor    bigint not null check (amount_minor <> 0),
    balance_before  bigint not null check (balance_before >= 0),
    balance_after   bigint not null check (balance_after >= 0),
    booked_at       timestamptz not null,
    created_at      timestamptz not null,
    -- What it paid; a document is written after its credit is taken, in the same transaction. Neither a document nor its lines are ever deleted.
    invoice_id      uuid references invoicing.invoice (id) deferrable initially deferred,
    line_id         uuid,
    check (balance_after = balance_before + amount_minor),
    check ((type = 'consumed') = (invoice_id is not null)),
    check (type <> 'funded' or amount_minor > 0),
    check (type not in ('expired', 'voided') or amount_minor < 0)
);

create index credit_transaction_customer on invoicing.credit_transaction (customer_id, number);
create index credit_transaction_grant on invoicing.credit_transaction (grant_id);
create index credit_transaction_invoice on invoicing.credit_transaction (invoice_id) where invoice_id is not null;

create trigger credit_transaction_immutable before update or delete on invoicing.credit_transaction
    for each row execute function invoicing.refuse_change();
create trigger credit_transaction_not_truncated before truncate on invoicing.credit_transaction
    for each statement execute function invoicing.refuse_change();

create function invoicing.check_credit_sum() returns trigger language plpgsql as $$
begin
    if (select remaining_minor from invoicing.credit_grant where id = new.grant_id)
        is distinct from (select sum(amount_minor)::bigint from invoicing.credit_transaction where grant_id = new.grant_id) then
        raise exception 'What is left of credit grant % is not the sum of its movements.', new.grant_id using errcode = 'check_violation';
    end if;
    return null;
end
$$;

create constraint trigger credit_sum after insert on invoicing.credit_transaction
    deferrable initially deferred for each row execute function invoicing.check_credit_sum();

create function invoicing.check_credit_of_grant() returns trigger language plpgsql as $$
begin
    if (select remaining_minor from invoicing.credit_grant where id = new.id)
        is distinct from (select coalesce(sum(amount_minor), 0)::bigint from invoicing.credit_transaction where grant_id = new.id) then
        raise exception 'What is left of credit grant % is not the sum of its movements.', new.id using errcode = 'check_violation';
    end if;
    return null;
end
$$;

create constraint trigger credit_of_grant after update of remaining_minor on invoicing.credit_grant
    deferrable initially deferred for each row execute function invoicing.check_credit_of_grant();

-- Credit is deducted from a line before its tax.
alter table invoicing.invoice_line add column credits jsonb;
alter table invoicing.invoice add column credits_minor bigint not null default 0 check (credits_minor >= 0);
alter table invoicing.invoice drop constraint invoice_check1;
alter table invoicing.invoice add constraint invoice_total check (total_minor = subtotal_minor - credits_minor + tax_minor);

create index invoice_line_credit on invoicing.invoice_line (rate_card_key) where rate_card_key like 'credit.%';
