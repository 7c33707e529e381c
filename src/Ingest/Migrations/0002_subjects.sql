-- Words about subjects, for OpenMeter's clients; nothing depends on them. And a way to a subject's events that costs next to nothing
-- to keep: block ranges that know, give or take a few, which subjects they hold.

create table ingest.subject (
    id                    uuid primary key,
    key                   text not null,
    display_name          text,
    metadata              jsonb,
    current_period_start  timestamptz,
    current_period_end    timestamptz,
    stripe_customer_id    text,
    created_at            timestamptz not null,
    updated_at            timestamptz not null,
    deleted_at            timestamptz
);

create unique index subject_key on ingest.subject (key) where deleted_at is null;

create index event_subject on ingest.event using brin (subject text_bloom_ops (n_distinct_per_range = 500))
    with (pages_per_range = 32, autosummarize = on);
