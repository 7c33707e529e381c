-- Billing cursors, legal entities, gapless numbers, and invoices that nobody can change once they are issued.

create schema invoicing;

-- Who sells. One row is the default; its details are copied onto every document when it is issued.
create table invoicing.legal_entity (
    id                         uuid primary key,
    is_default                 boolean not null,
    name                       text not null,
    tax_id                     text,
    email                      text,
    line1                      text,
    line2                      text,
    city                       text,
    state                      text,
    postal_code                text,
    country                    text,
    iban                       text,
    bic                        text,
    payment_terms_days         int not null check (payment_terms_days between 0 and 365),
    collection_period_seconds  bigint not null check (collection_period_seconds between 0 and 2592000),
    invoice_note               text
);

create unique index legal_entity_default on invoicing.legal_entity (is_default) where is_default;

insert into invoicing.legal_entity (id, is_default, name, payment_terms_days, collection_period_seconds)
values ('01900000-0000-7000-8000-000000000001', true, 'Metering', 14, 0);

-- Numbers without gaps: the row is locked by the transaction that issues the document, so a rollback gives its number back.
create table invoicing.number_sequence (
    legal_entity_id  uuid not null references invoicing.legal_entity (id),
    series           text not null,
    last_number      bigint not null,
    primary key (legal_entity_id, series)
);

-- How far each subscription has been billed. next_due_at is null when nothing will fall due any more.
create table invoicing.billing_cursor (
    subscription_id  uuid primary key,
    customer_id      uuid not null,
    billed_through   timestamptz,
    next_due_at      timestamptz,
    failures         int not null default 0,
    last_error       text
);

create index billing_cursor_due on invoicing.billing_cursor (next_due_at) where next_due_at is not null;

create table invoicing.invoice (
    id                 uuid primary key,
    legal_entity_id    uuid not null references invoicing.legal_entity (id),
    number             text not null,
    type               text not null check (type in ('standard', 'credit_note')),
    customer_id        uuid not null,
    subscription_id    uuid not null,
    currency           text not null,
    period_from        timestamptz not null,
    period_to          timestamptz not null,
    issued_at          timestamptz not null,
    due_at             timestamptz not null,
    supplier           jsonb not null,
    customer           jsonb not null,
    plan               jsonb not null,
    watermark          bigint not null,
    subtotal_minor     bigint not null,
    tax_minor          bigint not null,
    total_minor        bigint not null,
    unique (legal_entity_id, number),
    check (period_from < period_to),
    check (total_minor = subtotal_minor + tax_minor)
);

create index invoice_customer on invoicing.invoice (customer_id, issued_at desc);
create index invoice_issued on invoicing.invoice (issued_at desc, id desc);
create index invoice_number on invoicing.invoice (number);

-- A line is kept as rated: the price, the usage with its watermark, and every charge with its rule and rounding.
create table invoicing.invoice_line (
    id                uuid primary key,
    invoice_id        uuid not null references invoicing.invoice (id),
    position          int not null,
    name              text not null,
    phase_key         text not null,
    rate_card_key     text not null,
    feature_key       text,
    meter_slug        text,
    subjects          text[] not null,
    period_from       timestamptz not null,
    period_to         timestamptz not null,
    invoice_at        timestamptz not null,
    metered_quantity  numeric(28,12),
    billed_quantity   numeric(28,12),
    watermark         bigint,
    price             jsonb not null,
    charges           jsonb not null,
    amount_minor      bigint not null,
    unique (invoice_id, position)
);

-- One row per boundary of a subscription, whether or not there was anything to bill: the same period is never closed twice.
create table invoicing.closed_period (
    subscription_id  uuid not null references invoicing.billing_cursor (subscription_id),
    boundary         timestamptz not null,
    closed_at        timestamptz not null,
    invoice_id       uuid unique references invoicing.invoice (id),
    primary key (subscription_id, boundary)
);

create function invoicing.refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'An issued document does not change; corrections are new documents.' using errcode = 'restrict_violation';
end
$$;

create trigger invoice_immutable before update or delete on invoicing.invoice
    for each row execute function invoicing.refuse_change();
create trigger invoice_line_immutable before update or delete on invoicing.invoice_line
    for each row execute function invoicing.refuse_change();
create trigger invoice_not_truncated before truncate on invoicing.invoice
    for each statement execute function invoicing.refuse_change();
create trigger invoice_line_not_truncated before truncate on invoicing.invoice_line
    for each statement execute function invoicing.refuse_change();

-- Nothing is added to a document later: a line is written by the transaction that writes its invoice.
create function invoicing.refuse_late_line() returns trigger language plpgsql as $$
begin
    if not exists (select from invoicing.invoice where id = new.invoice_id and xmin = pg_current_xact_id()::xid) then
        raise exception 'A line is written together with its invoice.' using errcode = 'restrict_violation';
    end if;
    return new;
end
$$;

create trigger invoice_line_with_invoice before insert on invoicing.invoice_line
    for each row execute function invoicing.refuse_late_line();

-- Lines sum to the total, checked when the document is committed.
create function invoicing.check_lines_sum() returns trigger language plpgsql as $$
begin
    if new.subtotal_minor is distinct from (select sum(amount_minor)::bigint from invoicing.invoice_line where invoice_id = new.id) then
        raise exception 'The lines of invoice % do not sum to its subtotal.', new.number using errcode = 'check_violation';
    end if;
    return null;
end
$$;

create constraint trigger invoice_lines_sum after insert on invoicing.invoice
    deferrable initially deferred for each row execute function invoicing.check_lines_sum();
