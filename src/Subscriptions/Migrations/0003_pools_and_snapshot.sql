-- What is enforced. Units of a metered entitlement are escrowed here before a sidecar can spend them, and what every customer may do is
-- versioned here so that sidecars follow it without gaps.

create table subscriptions.pool (
    id              uuid primary key,
    entitlement_id  uuid not null references subscriptions.entitlement,
    period_start    timestamptz not null,
    period_end      timestamptz not null,
    counts_from     timestamptz not null,
    hard            boolean not null,
    cap             bigint not null check (cap >= 0),
    settled         bigint not null default 0 check (settled >= 0),
    held            bigint not null default 0 check (held >= 0),
    metered         bigint not null default 0,
    measured_at     timestamptz,
    closed_at       timestamptz,
    unique (entitlement_id, period_start),
    check (period_start < period_end),
    -- The promise of a hard limit. Everything else may be wrong and this still holds.
    constraint pool_conserves check (not hard or settled + held <= cap)
);

create index pool_open on subscriptions.pool (period_end) where closed_at is null;

-- settled = sum of spent, held = sum of held, over the leases of the pool. Times are the database's real clock, not the product's.
create table subscriptions.lease (
    id             uuid primary key,
    pool_id        uuid not null references subscriptions.pool,
    sidecar_id     text not null,
    granted        bigint not null check (granted >= 0),
    spent          bigint not null check (spent >= 0),
    held           bigint not null check (held >= 0),
    free_at_grant  bigint not null,
    granted_at     timestamptz not null,
    expires_at     timestamptz not null,
    closed_at      timestamptz,
    check (spent + held <= granted)
);

create index lease_holding on subscriptions.lease (pool_id) where held > 0;

-- One row. Its lock is held until the transaction that took a version commits, so versions become visible in their order.
create table subscriptions.snapshot_head (
    only_one         boolean primary key check (only_one),
    version          bigint not null,
    reservation_key  bytea not null
);

-- Four random UUIDs carry 488 random bits; their digest is the key.
insert into subscriptions.snapshot_head (only_one, version, reservation_key)
values (
    true, 0,
    sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()))
);

create table subscriptions.customer_version (
    customer_id  uuid primary key references subscriptions.customer,
    version      bigint not null unique
);

-- When what a customer may do changes by itself: a start, a change of phase, an end.
create table subscriptions.access_boundary (
    at           timestamptz not null,
    customer_id  uuid not null references subscriptions.customer,
    primary key (at, customer_id)
);
