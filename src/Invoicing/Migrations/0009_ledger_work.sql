-- What the ledger does by itself: fees in advance become revenue as they are served, what is posted is sealed in a chain of hashes, and documents
-- from before the ledger are posted once.

-- Credit is granted before it is billed or paid; what stands for its price meanwhile comes back to zero.
insert into invoicing.ledger_account_kind (kind, class, normal_side, clears, overdraws)
values ('credit_purchases', 'asset', 'debit', true, true);

-- Where each fee that was billed before it was served stands. Follows from the ledger, which has what was deferred and what was earned of it.
create table invoicing.ledger_deferral (
    line_id             uuid primary key,
    invoice_id          uuid not null,
    billing_profile_id  uuid not null,
    customer_id         uuid not null,
    currency            text not null,
    amount              numeric(28,12) not null,
    recognised          numeric(28,12) not null default 0,
    served_from         timestamptz not null,
    served_to           timestamptz not null,
    -- When the next part of it is earned; null when nothing is left.
    next_at             timestamptz,
    check (served_from < served_to)
);

create index ledger_deferral_due on invoicing.ledger_deferral (next_at, customer_id) where next_at is not null;
create index ledger_deferral_invoice on invoicing.ledger_deferral (invoice_id);

-- How far documents from before the ledger are posted; without a row there are none.
create table invoicing.ledger_catch_up (
    only_one  boolean primary key default true check (only_one),
    through   uuid not null
);

insert into invoicing.ledger_catch_up (through)
select '00000000-0000-0000-0000-000000000000' where exists (select from invoicing.invoice);

-- A block seals all batches behind the last one up to through_batch: its hash is made of theirs and of the hash before.
create table invoicing.ledger_block (
    number         bigint primary key check (number > 0),
    through_batch  bigint not null,
    transactions   int not null check (transactions > 0),
    previous_hash  bytea not null check (length(previous_hash) = 32),
    hash           bytea not null check (length(hash) = 32),
    sealed_at      timestamptz not null
);

create trigger ledger_block_append_only before update or delete or truncate on invoicing.ledger_block
    for each statement execute function platform.refuse_change();

-- Seals one block of batches that nobody can add to any more, which the caller has made sure of. Returns how many transactions it holds.
create function invoicing.ledger_seal(upto bigint, at timestamptz, most int) returns int
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    last record;
    through bigint;
    content bytea;
    held int;
begin
    perform pg_advisory_xact_lock(hashtextextended('invoicing.ledger_block', 0));
    select coalesce(max(number), 0) as number, coalesce(max(through_batch), 0) as through_batch into last from invoicing.ledger_block;
    select max(candidate.id) into through
    from (
        select b.id, sum(b.transactions) over (order by b.id) as running, row_number() over (order by b.id) as place
        from (
            select id, transactions from invoicing.ledger_batch
            where id > last.through_batch and id <= upto
            order by id
            limit most) as b) as candidate
    where candidate.running <= most or candidate.place = 1;
    if through is null then
        return 0;
    end if;

    select count(*), string_agg(
        int8send(t.batch_id) || uuid_send(t.id) || int8send((extract(epoch from t.posted_at) * 1000000)::bigint) || t.payload_hash, ''::bytea
        order by t.batch_id, t.id)
    into held, content
    from invoicing.ledger_transaction t
    where t.batch_id > last.through_batch and t.batch_id <= through;
    insert into invoicing.ledger_block (number, through_batch, transactions, previous_hash, hash, sealed_at)
    select last.number + 1, through, held, previous.hash, sha256(previous.hash || int8send(last.number + 1) || int8send(through) || content), at
    from (
        select coalesce(
            (select b.hash from invoicing.ledger_block b where b.number = last.number), decode(repeat('00', 32), 'hex')) as hash) as previous;
    return held;
end
$$;
