-- Who sells and how it bills become one thing, the billing profile; invoices get a life before and after they are issued.
-- What an issued document says stays as immutable as it was: only its state moves on.

create table invoicing.billing_profile (
    id             uuid primary key,
    name           text not null,
    description    text,
    metadata       jsonb not null default '{}',
    is_default     boolean not null,
    supplier       jsonb not null,
    workflow       jsonb not null,
    -- Numbers are gapless within a series; two sellers never share one.
    number_series  text not null,
    created_at     timestamptz not null,
    updated_at     timestamptz not null,
    archived_at    timestamptz
);

create unique index billing_profile_default on invoicing.billing_profile (is_default) where is_default;

insert into invoicing.billing_profile (id, name, is_default, supplier, workflow, number_series, created_at, updated_at)
select id, name, is_default,
       jsonb_strip_nulls(jsonb_build_object(
           'name', name, 'taxId', tax_id, 'email', email, 'iban', iban, 'bic', bic, 'invoiceNote', invoice_note,
           'address', nullif(jsonb_strip_nulls(jsonb_build_object(
               'line1', line1, 'line2', line2, 'postalCode', postal_code, 'city', city, 'state', state, 'country', country)), '{}'))),
       jsonb_build_object(
           'collection', jsonb_build_object(
               'alignment', jsonb_build_object('type', 'subscription'), 'interval', 'PT' || collection_period_seconds || 'S'),
           'invoicing', jsonb_build_object(
               'autoAdvance', true, 'draftPeriod', 'P0D', 'dueAfter', 'P' || payment_terms_days || 'D', 'progressiveBilling', true,
               'subscriptionEndProrationMode', 'bill_actual_period'),
           'payment', jsonb_build_object('collectionMethod', 'send_invoice'),
           'tax', jsonb_build_object('enabled', true, 'enforced', false)),
       'INV', '2020-01-01T00:00:00Z', '2020-01-01T00:00:00Z'
from invoicing.legal_entity;

-- A customer's own choice; a null profile says: whatever the default is.
create table invoicing.customer_override (
    customer_id         uuid primary key,
    billing_profile_id  uuid references invoicing.billing_profile (id),
    created_at          timestamptz not null,
    updated_at          timestamptz not null
);

create index customer_override_profile on invoicing.customer_override (billing_profile_id);

create table invoicing.tax_code (
    id           uuid primary key,
    key          text not null,
    name         text not null,
    description  text,
    percent      numeric(7,4) not null check (percent between 0 and 100),
    created_at   timestamptz not null,
    updated_at   timestamptz not null,
    archived_at  timestamptz
);

create unique index tax_code_key on invoicing.tax_code (key) where archived_at is null;

-- The triggers of the old life would refuse what follows, though it changes no document.
drop trigger invoice_immutable on invoicing.invoice;
drop trigger invoice_line_immutable on invoicing.invoice_line;
drop trigger invoice_line_with_invoice on invoicing.invoice_line;
drop trigger invoice_lines_sum on invoicing.invoice;
drop function invoicing.refuse_late_line();
drop function invoicing.check_lines_sum();

alter table invoicing.number_sequence drop constraint number_sequence_pkey;
alter table invoicing.number_sequence drop column legal_entity_id;
alter table invoicing.number_sequence add primary key (series);

alter table invoicing.invoice drop constraint invoice_legal_entity_id_fkey;
alter table invoicing.invoice rename column legal_entity_id to billing_profile_id;
alter table invoicing.invoice add foreign key (billing_profile_id) references invoicing.billing_profile (id);
drop table invoicing.legal_entity;

alter table invoicing.invoice
    drop constraint invoice_legal_entity_id_number_key,
    alter column subscription_id drop not null,
    alter column plan drop not null,
    add column state text not null default 'issued',
    -- The document is issued: from here on only the columns of its state may change.
    add column sealed boolean not null default false,
    add column description text,
    add column metadata jsonb not null default '{}',
    add column workflow jsonb,
    add column tax_inclusive_minor bigint not null default 0,
    add column taxes jsonb not null default '[]',
    add column created_at timestamptz,
    add column updated_at timestamptz,
    add column collection_at timestamptz,
    add column draft_until timestamptz,
    add column quantity_snapshoted_at timestamptz,
    add column sent_at timestamptz,
    add column voided_at timestamptz,
    add column void_reason text,
    add column deleted_at timestamptz,
    add column paid_minor bigint not null default 0,
    add column validation_issues jsonb not null default '[]',
    -- When the invoice moves on by itself; a cursor of due work like that of subscriptions.
    add column next_action_at timestamptz,
    add column failures int not null default 0,
    add column last_error text;

update invoicing.invoice
set sealed = true, created_at = issued_at, updated_at = issued_at, collection_at = issued_at, quantity_snapshoted_at = issued_at,
    sent_at = issued_at, next_action_at = case when total_minor > 0 then due_at end;

alter table invoicing.invoice
    alter column state drop default,
    alter column created_at set not null,
    alter column updated_at set not null;

drop index invoicing.invoice_number;
create unique index invoice_number on invoicing.invoice (number);
create index invoice_next_action on invoicing.invoice (next_action_at) where next_action_at is not null;
create unique index invoice_gathering on invoicing.invoice (customer_id, currency) where state = 'gathering';

-- An issued line stays where it was written; a line that waits moves to the document that bills it.
alter table invoicing.invoice_line
    drop constraint invoice_line_invoice_id_position_key,
    add column subscription_id uuid,
    add column plan jsonb,
    add column managed_by text not null default 'subscription' check (managed_by in ('subscription', 'system', 'manual')),
    add column description text,
    add column metadata jsonb not null default '{}',
    -- What rating needs beside the price: the whole period and what of it is served.
    add column full_from timestamptz,
    add column full_to timestamptz,
    add column served_from timestamptz,
    add column served_to timestamptz,
    add column prorates boolean not null default true,
    add column terms jsonb,
    add column meter_filters jsonb,
    -- A line that goes on where an earlier one stopped: what that one had counted, and by which watermark.
    add column prior_metered numeric(28,12),
    add column prior_billed numeric(28,12),
    add column prior_watermark bigint,
    add column tax_config jsonb,
    add column tax jsonb,
    -- The line of a voided document that this one bills again.
    add column replaces uuid references invoicing.invoice_line (id),
    add column created_at timestamptz,
    add column updated_at timestamptz,
    add column deleted_at timestamptz;

create index invoice_line_invoice on invoicing.invoice_line (invoice_id, position);
create index invoice_line_coverage on invoicing.invoice_line (rate_card_key, served_from, subscription_id) where watermark is not null;
create index invoice_line_replaces on invoicing.invoice_line (replaces) where replaces is not null;

-- What a person took off a document or changed there is not given back or added to by itself any more.
alter table invoicing.billed_service add column forgiven boolean not null default false;

-- Money that came in. Never changed: what was entered by mistake is taken back by a negative row.
create table invoicing.payment (
    id            uuid primary key,
    invoice_id    uuid not null references invoicing.invoice (id),
    amount_minor  bigint not null check (amount_minor <> 0),
    paid_at       timestamptz not null,
    reference     text,
    created_at    timestamptz not null
);

create index payment_invoice on invoicing.payment (invoice_id, created_at);

create trigger payment_immutable before update or delete on invoicing.payment
    for each row execute function invoicing.refuse_change();

-- What may still change on an issued document says where it stands, not what it says.
create function invoicing.refuse_change_of_issued() returns trigger language plpgsql as $$
declare
    standing constant text[] := array[
        'state', 'updated_at', 'voided_at', 'void_reason', 'paid_minor', 'next_action_at', 'failures', 'last_error'];
begin
    if tg_op = 'DELETE' or (old.sealed and to_jsonb(old) - standing is distinct from to_jsonb(new) - standing) then
        raise exception 'An issued document does not change; corrections are new documents.' using errcode = 'restrict_violation';
    end if;
    return new;
end
$$;

create trigger invoice_immutable before update or delete on invoicing.invoice
    for each row execute function invoicing.refuse_change_of_issued();

create function invoicing.refuse_line_of_issued() returns trigger language plpgsql as $$
begin
    if (tg_op = 'DELETE')
        or exists (select from invoicing.invoice where id = new.invoice_id and sealed)
        or (tg_op = 'UPDATE' and exists (select from invoicing.invoice where id = old.invoice_id and sealed)) then
        raise exception 'A line of an issued document does not change, and none is added.' using errcode = 'restrict_violation';
    end if;
    return new;
end
$$;

create trigger invoice_line_immutable before insert or update or delete on invoicing.invoice_line
    for each row execute function invoicing.refuse_line_of_issued();

-- Lines sum to the subtotal, checked when the document is committed, as it then is.
create function invoicing.check_lines_sum() returns trigger language plpgsql as $$
declare
    document invoicing.invoice;
    lines bigint;
begin
    select * into document from invoicing.invoice where id = new.id;
    select sum(amount_minor)::bigint into lines from invoicing.invoice_line where invoice_id = new.id and deleted_at is null;
    if document.subtotal_minor is distinct from (case when document.sealed then lines else coalesce(lines, 0) end) then
        raise exception 'The lines of invoice % do not sum to its subtotal.', document.number using errcode = 'check_violation';
    end if;
    return null;
end
$$;

create constraint trigger invoice_lines_sum after insert or update on invoicing.invoice
    deferrable initially deferred for each row execute function invoicing.check_lines_sum();
