-- What a backfill holds before it is counted, which hours and subjects its events touch, and how far the keys of a reverted one are released.

create table ingest.backfill_event (
    backfill      int not null references ingest.backfill (number),
    key           uuid not null,
    payload_hash  uuid not null,
    position      bigint generated always as identity,
    time          timestamptz not null,
    type          text not null,
    subject       text not null,
    source        text not null,
    id            text not null,
    data          text,
    extensions    text,
    primary key (backfill, key, payload_hash)
);

create table ingest.backfill_hour (
    backfill  int not null references ingest.backfill (number),
    type      text not null,
    hour      timestamptz not null,
    primary key (backfill, type, hour)
);

create table ingest.backfill_subject (
    backfill  int not null references ingest.backfill (number),
    type      text not null,
    subject   text not null,
    earliest  timestamptz not null,
    latest    timestamptz not null,
    primary key (backfill, type, subject)
);

create table ingest.backfill_release (
    backfill  int primary key references ingest.backfill (number),
    key       uuid not null
);
