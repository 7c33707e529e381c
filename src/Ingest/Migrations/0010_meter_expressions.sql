-- A meter may compute its value from several fields, and count only the events that fulfil conditions. Both are part of what it measures and
-- do not change afterwards, so stored meters have neither.

alter table ingest.meter
    add column value_expression text,
    add column event_filters    jsonb not null default '{}';
