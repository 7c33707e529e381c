-- What was put aside can be read again: the row stays and says what came of it. And a time of recording finds the last batch before it.

alter table ingest.rejected_event
    add column replayed_at timestamptz,
    add column replay_outcome text check (replay_outcome in ('accepted', 'duplicate', 'conflict', 'rejected')),
    add column replay_reason text;

create index batch_recorded_at on ingest.batch (recorded_at, batch);
