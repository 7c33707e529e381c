-- Meters, the events they count for ever, and what the events add up to by the hour. Accepted events are never updated and
-- never deleted; every row says in which batch it was recorded, which is what makes an old answer reproducible.

create schema ingest;

create table ingest.meter (
    id              uuid primary key,
    number          int generated always as identity unique,
    slug            text not null,
    name            text,
    description     text,
    metadata        jsonb not null,
    aggregation     text not null,
    event_type      text not null,
    event_from      timestamptz,
    value_property  text,
    group_by        jsonb not null,
    created_at      timestamptz not null,
    updated_at      timestamptz not null,
    deleted_at      timestamptz
);

create unique index meter_slug on ingest.meter (slug) where deleted_at is null;

-- Moves with every change of a meter, so that a writer keeps what it knows about meters until it has to look again.
create table ingest.meter_version (
    only_one  boolean primary key check (only_one),
    version   bigint not null
);

insert into ingest.meter_version (only_one, version) values (true, 1);

create sequence ingest.batch_number;

create table ingest.batch (
    batch        bigint primary key,
    recorded_at  timestamptz not null,
    events       int not null
);

-- The key is the identity (source, id), hashed; it is the only unique index, and sorted by it rows go in by COPY.
create table ingest.event (
    key               uuid primary key,
    payload_hash      uuid not null,
    batch             bigint not null,
    time              timestamptz not null,
    type              text not null,
    subject           text not null,
    source            text not null,
    id                text not null,
    data              text,
    extensions        text,
    validation_error  text
);

-- Rows arrive roughly in order of time and exactly in order of batch: block ranges find them for a fraction of a btree's cost.
create index event_time_batch on ingest.event using brin (time, batch) with (pages_per_range = 32, autosummarize = on);

create index event_validation_failed on ingest.event (time) where validation_error is not null;

-- The same (source, id) with other content: kept and shown, never counted.
create table ingest.event_conflict (
    key                 uuid not null,
    payload_hash        uuid not null,
    first_payload_hash  uuid not null,
    batch               bigint not null,
    time                timestamptz not null,
    type                text not null,
    subject             text not null,
    source              text not null,
    id                  text not null,
    data                text,
    primary key (key, payload_hash)
);

create index event_conflict_batch on ingest.event_conflict (batch);

-- What was accepted and can not be an event. Kept whole, with the reason.
create table ingest.rejected_event (
    number       bigint generated always as identity primary key,
    body_hash    uuid not null unique,
    recorded_at  timestamptz not null,
    source       text,
    id           text,
    reason       text not null,
    body         text not null
);

-- What a batch adds to an hour. Appended by COPY, read by scanning: folding keeps it short.
create table ingest.usage_delta (
    meter         int not null,
    subject       text not null,
    hour          timestamptz not null,
    cell          uuid not null,
    batch         bigint not null,
    dimensions    jsonb not null,
    distinct_key  uuid,
    count         bigint not null,
    sum           numeric,
    min           numeric(28,12),
    max           numeric(28,12),
    latest        numeric(28,12),
    latest_at     timestamptz,
    latest_key    uuid
);

-- Deltas folded together. A row holds everything of its cell up to and including its batch.
create table ingest.usage_hour (
    meter         int not null,
    subject       text not null,
    hour          timestamptz not null,
    cell          uuid not null,
    batch         bigint not null,
    dimensions    jsonb not null,
    distinct_key  uuid,
    count         bigint not null,
    sum           numeric,
    min           numeric(28,12),
    max           numeric(28,12),
    latest        numeric(28,12),
    latest_at     timestamptz,
    latest_key    uuid,
    primary key (meter, subject, hour, cell)
);

create index usage_hour_time on ingest.usage_hour (meter, hour);
