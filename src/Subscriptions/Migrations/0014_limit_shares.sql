-- Rate limits and limits of requests in flight are divided among sidecars. What each may let through is leased to it here first, in parts of
-- the whole limit, so that the sum of all shares is never more than the whole.

create table subscriptions.shared_limit (
    id           uuid primary key,
    customer_id  uuid not null references subscriptions.customer,
    feature_key  text not null,
    name         text not null,
    parts_out    bigint not null default 0,
    -- Of what nobody has: by the product's time, when a bucket of it is full.
    full_at      timestamptz not null,
    unique (customer_id, feature_key, name),
    -- The promise. 2^50 parts are the whole.
    constraint shared_limit_conserves check (parts_out between 0 and 1125899906842624)
);

-- parts_out = sum of parts. expires_at goes by the database's real clock, full_at by the product's.
create table subscriptions.limit_share (
    limit_id    uuid not null references subscriptions.shared_limit on delete cascade,
    sidecar_id  text not null,
    start       bigint not null,
    sequence    bigint not null,
    parts       bigint not null check (parts >= 0),
    demand      bigint not null,
    wants       bigint not null,
    full_at     timestamptz not null,
    refill      bigint not null check (refill >= 0),
    lingers     bigint not null check (lingers >= 0),
    expires_at  timestamptz not null,
    primary key (limit_id, sidecar_id, start)
);

create index limit_share_expiry on subscriptions.limit_share (expires_at);
