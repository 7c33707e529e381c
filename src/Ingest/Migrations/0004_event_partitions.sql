-- Who an event is and what it says part ways. The keys of all events ever recorded stay in one narrow table with the only unique index,
-- so that an event is never counted twice, whatever its age; what events say lies in partitions by month of event time, without a unique
-- index, and an old month can be detached. A key tells the time of its event too, and so in which partition and blocks to look for it.

create table ingest.event_key (
    key           uuid not null,
    payload_hash  bigint not null,
    time          timestamptz not null
);

-- Half of the hash is enough to tell a resend from a conflict, and makes the row a quarter narrower.
create function ingest.first_half(hash uuid) returns bigint
language sql immutable strict
as $$ select ('x' || left(replace(hash::text, '-', ''), 16))::bit(64)::bigint $$;

insert into ingest.event_key (key, payload_hash, time)
select key, ingest.first_half(payload_hash), time
from ingest.event
order by key;

alter table ingest.event_key add primary key (key);

alter table ingest.event_conflict
    alter column payload_hash type bigint using ingest.first_half(payload_hash),
    alter column first_payload_hash type bigint using ingest.first_half(first_payload_hash);

drop function ingest.first_half;

drop index ingest.event_time_batch, ingest.event_validation_failed, ingest.event_subject;
alter table ingest.event rename to event_before;
alter table ingest.event_before drop constraint event_pkey;

-- Where events come from and what kind they are: a few pairs in millions of events, written once.
create table ingest.event_origin (
    number  int generated always as identity primary key,
    digest  uuid not null unique,
    type    text not null,
    source  text not null
);

-- An id that is a UUID in its usual spelling is kept as one, any other as text.
create table ingest.recorded_event (
    key               uuid not null,
    batch             bigint not null,
    time              timestamptz not null,
    origin            int not null,
    id_uuid           uuid,
    id_text           text,
    subject           text not null,
    data              text,
    extensions        text,
    validation_error  text
) partition by range (time);

-- Times for which there is no month yet or any more. What gathers here moves to its month when that is made.
create table ingest.event_other partition of ingest.recorded_event default;

-- Rows arrive roughly in order of time: block ranges find them for a fraction of a btree's cost, and one index of two columns costs half of
-- two. A block range has some 700 rows; its filter of subjects is made for a thousand.
create index event_blocks on ingest.recorded_event using brin (time, subject text_bloom_ops (n_distinct_per_range = 1000))
    with (pages_per_range = 32, autosummarize = on);

create index event_validation_failed on ingest.recorded_event (time) where validation_error is not null;

-- Events as everybody reads them.
create view ingest.event as
select e.key, e.batch, e.time, o.type, e.subject, o.source, coalesce(e.id_text, e.id_uuid::text) as id, e.data, e.extensions, e.validation_error
from ingest.recorded_event e
join ingest.event_origin o on o.number = e.origin;

-- Makes the partition of the month in which an instant lies, and moves there what the month already has. False when there is one, or was
-- one that has been detached. The lock on what lies elsewhere comes first: no row can slip in between the move and the attachment.
create function ingest.make_event_partition(instant timestamptz) returns boolean
language plpgsql
as $$
declare
    month  timestamp := date_trunc('month', instant at time zone 'UTC');
    since  timestamptz := month at time zone 'UTC';
    until  timestamptz := (month + interval '1 month') at time zone 'UTC';
    name   text := 'event_' || to_char(month, 'YYYY_MM');
begin
    lock table ingest.recorded_event in share update exclusive mode;
    if to_regclass('ingest.' || name) is not null or to_regclass('ingest.detached_' || name) is not null then
        return false;
    end if;

    lock table ingest.event_other in access exclusive mode;
    execute format('create table ingest.%I (like ingest.recorded_event)', name);
    execute format(
        'with moved as (delete from ingest.event_other where time >= %L and time < %L returning *) insert into ingest.%I select * from moved',
        since, until, name);
    execute format('alter table ingest.recorded_event attach partition ingest.%I for values from (%L) to (%L)', name, since, until);
    return true;
end
$$;

-- Takes the partition of a month out of the events; it stays as the table ingest.detached_event_YYYY_MM, to be kept elsewhere or dropped.
-- The keys and rollups of its events stay: none of them can be recorded again, and usage by whole hours is answered as before.
create function ingest.detach_event_partition(instant timestamptz) returns text
language plpgsql
as $$
declare
    name  text := 'event_' || to_char(instant at time zone 'UTC', 'YYYY_MM');
begin
    execute format('alter table ingest.recorded_event detach partition ingest.%I', name);
    execute format('alter table ingest.%I rename to %I', name, 'detached_' || name);
    return 'ingest.detached_' || name;
end
$$;

select ingest.make_event_partition(month)
from (
    select date_trunc('month', time at time zone 'UTC') at time zone 'UTC' as month
    from ingest.event_before
    group by month
    having count(*) >= 10000
    order by month
) as busy;

insert into ingest.event_origin (digest, type, source)
select left(encode(sha256(convert_to(type || E'\x1f' || source, 'UTF8')), 'hex'), 32)::uuid, type, source
from ingest.event_before
group by type, source
order by type, source;

insert into ingest.recorded_event (key, batch, time, origin, id_uuid, id_text, subject, data, extensions, validation_error)
select e.key, e.batch, e.time, o.number, case when is_uuid then e.id::uuid end, case when not is_uuid then e.id end, e.subject, e.data,
       e.extensions, e.validation_error
from ingest.event_before e
join ingest.event_origin o on o.type = e.type and o.source = e.source
cross join lateral (select e.id ~ '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$' as is_uuid) as spelling
order by e.batch, e.key;

drop table ingest.event_before;
