-- Who sends, and what of it never came: a gateway that numbers its events lets a loss be seen. Batches append what they hold of each
-- source; folding adds it up later, so that two writers never wait for one row. Sources are found by their digest: a source is longer than
-- an index key may be.

create table ingest.source_run (
    source_key  uuid not null,
    source      text not null,
    epoch       text not null,
    first       bigint,
    last        bigint,
    events      bigint not null,
    seen_at     timestamptz not null
);

create table ingest.source (
    key            uuid primary key,
    source         text not null,
    events         bigint not null,
    first_seen_at  timestamptz not null,
    last_seen_at   timestamptz not null
);

create index source_last_seen on ingest.source (last_seen_at desc, key);

-- One numbering: from 1 to the highest that came. What lies between and did not come is a gap. Where there are more gaps than are kept, the
-- oldest are only counted.
create table ingest.source_sequence (
    source_key    uuid not null references ingest.source (key),
    epoch         text not null,
    highest       bigint not null,
    forgotten     bigint not null,
    last_seen_at  timestamptz not null,
    primary key (source_key, epoch)
);

create table ingest.source_gap (
    source_key  uuid not null,
    epoch       text not null,
    first       bigint not null,
    last        bigint not null,
    since       timestamptz not null,
    primary key (source_key, epoch, first),
    foreign key (source_key, epoch) references ingest.source_sequence (source_key, epoch) on delete cascade
);
