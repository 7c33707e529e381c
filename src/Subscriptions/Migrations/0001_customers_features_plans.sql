-- Who buys, and what is sold: customers with the subjects whose usage is theirs and the keys that identify them; features; plans.

create schema subscriptions;

create table subscriptions.customer (
    id               uuid primary key,
    key              text,
    name             text not null,
    description      text,
    primary_email    text,
    currency         text,
    time_zone        text not null,
    billing_address  jsonb,
    metadata         jsonb not null,
    created_at       timestamptz not null,
    updated_at       timestamptz not null,
    deleted_at       timestamptz
);

create unique index customer_key on subscriptions.customer (key) where deleted_at is null;

-- Usage of a subject belongs to one customer at a time. A customer without subject keys has one implied row: its key, or else its id.
-- The rows of a deleted customer are released, not removed, so that its last invoice still finds its usage.
create table subscriptions.customer_subject (
    customer_id  uuid not null references subscriptions.customer,
    subject      text not null,
    position     int not null,
    implied      boolean not null,
    released_at  timestamptz,
    primary key (customer_id, subject)
);

create unique index customer_subject_in_use on subscriptions.customer_subject (subject) where released_at is null;

create table subscriptions.credential (
    id           uuid primary key,
    customer_id  uuid not null references subscriptions.customer,
    name         text not null,
    key_hash     bytea not null unique,
    created_at   timestamptz not null,
    revoked_at   timestamptz
);

create index credential_customer on subscriptions.credential (customer_id);

-- A meter's event type and aggregation never change, so a feature keeps them beside the slug.
create table subscriptions.feature (
    id           uuid primary key,
    key          text not null,
    name         text not null,
    meter_slug   text,
    event_type   text,
    aggregation  text,
    metadata     jsonb not null,
    created_at   timestamptz not null,
    updated_at   timestamptz not null,
    archived_at  timestamptz,
    check ((meter_slug is null) = (event_type is null) and (meter_slug is null) = (aggregation is null))
);

create unique index feature_key on subscriptions.feature (key) where archived_at is null;

-- A version of a plan is a document: what a product manager wrote. A published version never changes.
create table subscriptions.plan (
    id               uuid primary key,
    key              text not null,
    version          int not null check (version >= 1),
    name             text not null,
    description      text,
    currency         text not null,
    billing_cadence  text not null,
    prorates         boolean not null,
    phases           jsonb not null,
    metadata         jsonb not null,
    effective_from   timestamptz,
    effective_to     timestamptz,
    created_at       timestamptz not null,
    updated_at       timestamptz not null,
    unique (key, version),
    check (effective_to is null or effective_from <= effective_to)
);

create unique index plan_one_draft on subscriptions.plan (key) where effective_from is null;
create unique index plan_one_in_force on subscriptions.plan (key) where effective_from is not null and effective_to is null;
