-- API keys, the test clock, and messages between modules: what every module stands on.

create table platform.api_key (
    id          uuid primary key,
    name        text not null,
    role        text not null,
    key_hash    bytea not null unique,
    created_at  timestamptz not null,
    expires_at  timestamptz,
    revoked_at  timestamptz
);

create table platform.test_clock (
    only_one  boolean primary key check (only_one),
    now       timestamptz not null
);

-- A message is written in the transaction whose effect it tells, and is completed in the transaction of its last handler.
create table platform.outbox (
    id               bigint generated always as identity primary key,
    message_id       uuid not null unique,
    type             text not null,
    payload          text not null,
    created_at       timestamptz not null default now(),
    next_attempt_at  timestamptz not null default now(),
    attempts         int not null default 0,
    last_error       text,
    completed_at     timestamptz
);

create index outbox_open on platform.outbox (id) where completed_at is null;

-- Which handler has handled which message, so that a redelivery changes nothing.
create table platform.inbox (
    message_id  uuid not null,
    handler     text not null,
    handled_at  timestamptz not null default now(),
    primary key (message_id, handler)
);
