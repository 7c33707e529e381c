-- Calls of a model are reserved before they are forwarded and settled by what they used. The terms of that come with the entitlement.
alter table subscriptions.entitlement add reservation jsonb;

-- What a reservation did not use is taken off what is settled. That may come before the lease has reported that it was spent: until then it
-- is held, and settled alone says too little. Together they never do.
alter table subscriptions.pool drop constraint pool_settled_check;

-- A pool is settled once for a reservation, whoever says so and how often. Forgotten when nobody may settle it any more.
create table subscriptions.reservation_settlement (
    reservation_id  uuid not null,
    pool_id         uuid not null references subscriptions.pool,
    reserved        bigint not null check (reserved >= 0),
    used            bigint not null check (used >= 0),
    reserved_at     timestamptz not null,
    primary key (reservation_id, pool_id)
);

create index reservation_settlement_age on subscriptions.reservation_settlement (reserved_at);
