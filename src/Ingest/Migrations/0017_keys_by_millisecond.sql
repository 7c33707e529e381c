-- The key of an event whose id tells a time (UUIDv7, ULID) begins with all of that time, its 48 bits of milliseconds: batches that come one after
-- the other lie side by side in the index instead of among each other's second. The hash behind the time gives up two of its bytes for it.
-- Stored events get their new keys, detached months included.

create function ingest.milliseconds_of_id(id text) returns bigint
language plpgsql immutable
as $$
declare
    milliseconds  bigint := 0;
begin
    if id ~* '^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$' then
        return ('x' || left(replace(id, '-', ''), 12))::bit(48)::bigint;
    elsif id ~* '^[0-7][0-9a-hjkmnp-tv-z]{25}$' then
        for place in 1..10 loop
            milliseconds := milliseconds * 32 + strpos('0123456789ABCDEFGHJKMNPQRSTVWXYZ', upper(substr(id, place, 1))) - 1;
        end loop;
        return milliseconds;
    end if;
    return null;
end
$$;

create function ingest.key_by_millisecond(key uuid, milliseconds bigint) returns uuid
language sql immutable
as $$ select (lpad(to_hex(milliseconds), 12, '0') || substr(replace(key::text, '-', ''), 9, 20))::uuid $$;

create temp table moved_key on commit drop as
select key as before, ingest.key_by_millisecond(key, ingest.milliseconds_of_id(id)) as after
from (
    select key, id from ingest.event
    union
    select key, id from ingest.event_conflict
    union
    select key, id from ingest.event_correction
    union
    select key, id from ingest.backfill_event
) as known
where ingest.milliseconds_of_id(id) is not null;

do $$
declare
    detached  text;
begin
    for detached in
        select relname from pg_class where relnamespace = 'ingest'::regnamespace and relname like 'detached\_event\_%' and relkind = 'r'
    loop
        execute format(
            'insert into moved_key
             select key, ingest.key_by_millisecond(key, ingest.milliseconds_of_id(coalesce(id_text, id_uuid::text)))
             from ingest.%1$I where ingest.milliseconds_of_id(coalesce(id_text, id_uuid::text)) is not null', detached);
        execute format('update ingest.%I e set key = m.after from moved_key m where m.before = e.key', detached);
    end loop;
end
$$;

create index on moved_key (before);
analyze moved_key;

update ingest.event_key k set key = m.after from moved_key m where m.before = k.key;
update ingest.recorded_event e set key = m.after from moved_key m where m.before = e.key;
update ingest.event_conflict c set key = m.after from moved_key m where m.before = c.key;
update ingest.event_correction c set key = m.after from moved_key m where m.before = c.key;
update ingest.backfill_event b set key = m.after from moved_key m where m.before = b.key;
update ingest.usage_delta d set latest_key = m.after from moved_key m where m.before = d.latest_key;
update ingest.usage_hour h set latest_key = m.after from moved_key m where m.before = h.latest_key;
update ingest.usage_day d set latest_key = m.after from moved_key m where m.before = d.latest_key;

-- How far a revert has come is told by key: it begins again, and what it has released already stays so.
delete from ingest.backfill_release;

drop function ingest.key_by_millisecond, ingest.milliseconds_of_id;
