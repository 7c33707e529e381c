-- Corrections, and hours made anew. A recorded event is never changed: what it says later is a row of its own with the number of the batch
-- that brought it, so that an earlier watermark still reads what was said then.

create table ingest.event_correction (
    key               uuid not null,
    event_batch       bigint not null,
    batch             bigint not null,
    kind              text not null check (kind in ('amend', 'void')),
    reason            text not null,
    event_time        timestamptz not null,
    time              timestamptz not null,
    type              text not null,
    subject           text not null,
    source            text not null,
    id                text not null,
    data              text,
    extensions        text,
    validation_error  text,
    primary key (key, event_batch, batch)
);

create index event_correction_time on ingest.event_correction (time);
create index event_correction_batch on ingest.event_correction (batch);

-- A named set of events that is counted all at once and can be taken back as one. Its events carry event_batch, a number that no watermark
-- reaches; they are seen from batch on and no longer from reverted_batch on.
create table ingest.backfill (
    number          int generated always as identity primary key,
    id              uuid not null unique,
    name            text not null,
    description     text,
    status          text not null check (status in ('open', 'closing', 'closed', 'reverting', 'reverted')),
    event_batch     bigint not null unique,
    batch           bigint,
    reverted_batch  bigint,
    received        bigint not null default 0,
    staged          bigint not null default 0,
    accepted        bigint not null default 0,
    duplicate       bigint not null default 0,
    conflict        bigint not null default 0,
    invalid         bigint not null default 0,
    opened_at       timestamptz not null,
    updated_at      timestamptz not null,
    closed_at       timestamptz,
    reverted_at     timestamptz
);

create unique index backfill_name on ingest.backfill (name) where status <> 'reverted';

-- Hours whose rollup is not the sum of its batches since a batch. Up to that batch's predecessor they are answered from the events for ever;
-- while pending, every question is. No subject stands for all of them.
create table ingest.restated_hour (
    meter    int not null,
    hour     timestamptz not null,
    subject  text not null,
    batch    bigint not null,
    pending  boolean not null,
    primary key (meter, hour, subject)
);

create index restated_hour_pending on ingest.restated_hour (meter, hour) where pending;

-- How far a new or changed meter has counted the events that were stored before it. While it is at it, events answer its queries.
create table ingest.meter_backfill (
    meter        int primary key,
    started_at   timestamptz not null,
    counted_to   timestamptz not null,
    counted      bigint not null,
    total        bigint,
    finished_at  timestamptz
);

-- What every event says, as of a batch: the recorded event, or its latest correction. The one place that decides it. Written so that
-- PostgreSQL expands it within a query and carries conditions on time, type and subject to the tables.
create function ingest.event_version(as_of bigint)
returns table (
    key uuid, batch bigint, "time" timestamptz, type text, subject text, source text, id text, data text, extensions text,
    validation_error text, corrected_batch bigint, voided boolean
)
language sql stable
as $$
    select e.key, e.batch, e.time, e.type, e.subject, e.source, e.id, e.data, e.extensions, e.validation_error, null::bigint, false
    from ingest.event e
    where (e.batch <= as_of or e.batch in (
              select f.event_batch
              from ingest.backfill f
              where f.batch <= as_of and (f.reverted_batch is null or f.reverted_batch > as_of)))
      and not exists (
              select
              from ingest.event_correction c
              where c.key = e.key and c.event_batch = e.batch and c.batch <= as_of)
    union all
    select c.key, c.event_batch, c.time, c.type, c.subject, c.source, c.id, c.data, c.extensions, c.validation_error, c.batch,
           c.kind = 'void'
    from ingest.event_correction c
    where c.batch <= as_of
      and not exists (
              select
              from ingest.event_correction later
              where later.key = c.key and later.event_batch = c.event_batch and later.batch > c.batch and later.batch <= as_of)
      and (c.event_batch <= as_of or c.event_batch in (
              select f.event_batch
              from ingest.backfill f
              where f.batch <= as_of and (f.reverted_batch is null or f.reverted_batch > as_of)))
$$;

-- Months whose events are elsewhere. Their rollups are all that is left of them here: nothing in them is made anew.
create table ingest.detached_month (
    month  timestamptz primary key
);

create or replace function ingest.detach_event_partition(instant timestamptz) returns text
language plpgsql
as $$
declare
    month  timestamp := date_trunc('month', instant at time zone 'UTC');
    name   text := 'event_' || to_char(month, 'YYYY_MM');
begin
    execute format('alter table ingest.recorded_event detach partition ingest.%I', name);
    execute format('alter table ingest.%I rename to %I', name, 'detached_' || name);
    insert into ingest.detached_month (month) values (month at time zone 'UTC') on conflict do nothing;
    return 'ingest.detached_' || name;
end
$$;
