-- Which batches are being recorded, so that a watermark can be told without holding recording up. Before it takes a number a batch takes a
-- shared advisory lock on the number given out last: all that is underway has a number greater than what it has locked, and who reads the last
-- number first and the locks afterwards misses none. The upper sixteen bits of the lock's key are this module's.

create function ingest.last_batch_given() returns bigint
language sql volatile
as $$ select case when is_called then last_value else 0 end from ingest.batch_number $$;

create function ingest.batch_lock(batch bigint) returns bigint
language sql immutable
as $$ select (7767::bigint << 48) | batch $$;

-- The numbers that batches underway have locked: each batch comes after its number.
create function ingest.batches_underway() returns setof bigint
language sql volatile
as $$
select distinct ((l.classid::bigint & 65535) << 32) | l.objid::bigint
from pg_locks l
where l.locktype = 'advisory' and l.objsubid = 1 and l.classid::bigint >> 16 = 7767
  and l.database = (select oid from pg_database where datname = current_database())
$$;

-- Every number of a batch is given out here.
create function ingest.next_batch() returns bigint
language plpgsql volatile
as $$
begin
    perform pg_advisory_xact_lock_shared(ingest.batch_lock(ingest.last_batch_given()));
    return nextval('ingest.batch_number');
end
$$;

-- The start of recording in one round trip: the lock that meters are changed under, a number, and the meters' version as of now.
create function ingest.begin_batch(out batch bigint, out meter_version bigint)
language plpgsql volatile
as $$
begin
    perform pg_advisory_xact_lock_shared(7767, 1);
    batch := ingest.next_batch();
    select version into meter_version from ingest.meter_version;
end
$$;

-- The last batch before which nothing is underway any more. Does not wait.
create function ingest.settled_batch() returns bigint
language plpgsql volatile
as $$
declare
    given  bigint := ingest.last_batch_given();
    safe   bigint := least(given, (select min(underway) from ingest.batches_underway() as underway));
begin
    return coalesce((select max(batch) from ingest.batch where batch <= safe), 0);
end
$$;

-- The last batch of all that were given a number so far. Waits for those that are underway, and nobody waits for it.
create function ingest.await_batches() returns bigint
language plpgsql volatile
as $$
declare
    given     bigint := ingest.last_batch_given();
    underway  bigint;
begin
    for underway in select u from ingest.batches_underway() as u where u < given order by u loop
        perform pg_advisory_xact_lock(ingest.batch_lock(underway));
    end loop;
    return coalesce((select max(batch) from ingest.batch where batch <= given), 0);
end
$$;
