-- Beside how fast requests may come, an entitlement says how large one may be and how many may be in flight. What was there before limits neither.
alter table subscriptions.entitlement add column request_limits jsonb not null default '{}';
