-- Days of usage that have come to rest, added up once more: a month of every customer is thirty rows a cell instead of seven hundred. A day
-- counts only while none of its hours has changed since; the database itself watches that, whoever changes an hour.

create table ingest.usage_day (
    meter         int not null,
    subject       text not null,
    day           timestamptz not null,
    cell          uuid not null,
    dimensions    jsonb not null,
    distinct_key  uuid,
    count         bigint not null,
    sum           numeric,
    min           numeric(28,12),
    max           numeric(28,12),
    latest        numeric(28,12),
    latest_at     timestamptz,
    latest_key    uuid,
    first_hour    timestamptz not null,
    last_hour     timestamptz not null,
    primary key (meter, subject, day, cell)
);

-- Every day that has hours. The batch is the latest one that a settled day holds.
create table ingest.usage_day_state (
    meter    int not null,
    day      timestamptz not null,
    settled  boolean not null,
    batch    bigint,
    primary key (meter, day)
);

create index usage_day_unsettled on ingest.usage_day_state (day) where not settled;

insert into ingest.usage_day_state (meter, day, settled)
select distinct meter, date_trunc('day', hour, 'UTC'), false
from ingest.usage_hour;

create function ingest.unsettle_days() returns trigger
language plpgsql
as $$
begin
    insert into ingest.usage_day_state as state (meter, day, settled)
    select distinct meter, date_trunc('day', hour, 'UTC'), false
    from changed
    on conflict (meter, day) do update set settled = false where state.settled;
    return null;
end
$$;

create trigger usage_hour_added after insert on ingest.usage_hour
    referencing new table as changed for each statement execute function ingest.unsettle_days();
create trigger usage_hour_changed after update on ingest.usage_hour
    referencing new table as changed for each statement execute function ingest.unsettle_days();
create trigger usage_hour_removed after delete on ingest.usage_hour
    referencing old table as changed for each statement execute function ingest.unsettle_days();

-- Rows of the hour that runs change with every folding: room beside them keeps a changed row on its page and out of the indexes.
alter table ingest.usage_hour set (fillfactor = 80);

-- Folding clears its deltas away itself, right after it has moved them.
alter table ingest.usage_delta set (autovacuum_enabled = off);
