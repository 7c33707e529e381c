-- A key may be allowed only so many usage events per minute, and so many at once.

alter table platform.api_key
    add column ingest_events_per_minute bigint,
    add column ingest_burst bigint,
    add constraint api_key_ingest_quota check ((ingest_events_per_minute is null) = (ingest_burst is null));
