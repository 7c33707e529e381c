-- Periods that have ended and cannot be billed, because some usage in them has no price: unpriced is not free. One row per subscription, gone
-- when the period is closed.

create table invoicing.blocked_period (
    subscription_id  uuid primary key references invoicing.billing_cursor (subscription_id),
    customer_id      uuid not null,
    plan             jsonb not null,
    period_from      timestamptz not null,
    boundary         timestamptz not null,
    blocked_since    timestamptz not null,
    tried_at         timestamptz not null,
    retry_at         timestamptz not null,
    watermark        bigint not null,
    reason_count     int not null check (reason_count > 0),
    reasons          jsonb not null
);

create index blocked_period_retry on invoicing.blocked_period (retry_at);
create index blocked_period_since on invoicing.blocked_period (blocked_since, subscription_id);
