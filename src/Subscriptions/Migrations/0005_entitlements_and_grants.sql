-- An entitlement is the same thing whoever gave it: a subscription or somebody by hand. What it allows is a balance of grants, computed and
-- never decremented; pools take their cap from it.

alter table subscriptions.feature
    add column overlap text not null default 'sum' check (overlap in ('sum', 'refuse'));

alter table subscriptions.entitlement
    alter column subscription_id drop not null,
    alter column item_id drop not null,
    alter column allowance type numeric(28, 12),
    add column origin            text not null default 'subscription' check (origin in ('subscription', 'customer')),
    add column issue_priority    int not null default 1 check (issue_priority between 1 and 255),
    add column preserve_overage  boolean not null default false,
    add column measured_from     timestamptz,
    add column anchor            timestamptz,
    add column time_zone         text not null default 'UTC',
    add column metadata          jsonb not null default '{}',
    add column created_at        timestamptz not null default now(),
    add column updated_at        timestamptz not null default now(),
    add column deleted_at        timestamptz,
    drop constraint entitlement_check1;

-- What a subscription gave ends where the subscription ends; until now that was looked up, from now on it is written down. The anchor of
-- what exists is its subscription's; days, weeks, hours and minutes begin at the full local one.
update subscriptions.entitlement e
set active_to = least(e.active_to, s.active_to),
    measured_from = e.active_from,
    time_zone = c.time_zone,
    created_at = s.created_at,
    updated_at = s.updated_at,
    anchor = case
        when e.usage_period is null then null
        when e.usage_period ~ '^P[0-9]+[DW]$'
            then date_trunc('day', s.billing_anchor at time zone c.time_zone) at time zone c.time_zone
        when e.usage_period ~ '^PT[0-9]+H$'
            then date_trunc('hour', s.billing_anchor at time zone c.time_zone) at time zone c.time_zone
        when e.usage_period ~ '^PT[0-9]+M$'
            then date_trunc('minute', s.billing_anchor at time zone c.time_zone) at time zone c.time_zone
        else s.billing_anchor
    end
from subscriptions.subscription s
join subscriptions.customer c on c.id = s.customer_id
where s.id = e.subscription_id;

alter table subscriptions.entitlement
    alter column measured_from set not null,
    alter column created_at drop default,
    alter column updated_at drop default,
    alter column time_zone drop default,
    add constraint entitlement_origin check ((origin = 'subscription') = (item_id is not null)),
    add constraint entitlement_metered check (kind <> 'metered' or (usage_period is not null and anchor is not null));

-- Never changed once issued: voiding sets an instant. An issue is what the entitlement itself grants after each reset; item_id names the
-- subscription item that adds to an entitlement which is not its own.
create table subscriptions.entitlement_grant (
    id                   uuid primary key,
    entitlement_id       uuid not null references subscriptions.entitlement,
    origin               text not null check (origin in ('subscription', 'customer')),
    is_issue             boolean not null,
    item_id              uuid references subscriptions.subscription_item,
    amount               numeric(28, 12) not null check (amount >= 0),
    priority             int not null check (priority between 1 and 255),
    effective_at         timestamptz not null,
    expiration_duration  text check (expiration_duration in ('HOUR', 'DAY', 'WEEK', 'MONTH', 'YEAR')),
    expiration_count     int check (expiration_count between 1 and 1000),
    expires_at           timestamptz,
    voided_at            timestamptz,
    min_rollover         numeric(28, 12) not null check (min_rollover >= 0),
    max_rollover         numeric(28, 12) not null check (max_rollover >= 0),
    recurrence           text,
    recurrence_anchor    timestamptz,
    time_zone            text not null,
    metadata             jsonb not null,
    annotations          jsonb,
    created_at           timestamptz not null,
    updated_at           timestamptz not null,
    check ((expiration_duration is null) = (expiration_count is null) and (expiration_duration is null) = (expires_at is null)),
    check ((recurrence is null) = (recurrence_anchor is null))
);

create index entitlement_grant_of on subscriptions.entitlement_grant (entitlement_id);
create unique index entitlement_grant_of_item on subscriptions.entitlement_grant (entitlement_id, item_id);

insert into subscriptions.entitlement_grant
    (id, entitlement_id, origin, is_issue, amount, priority, effective_at, min_rollover, max_rollover, time_zone, metadata, created_at, updated_at)
select gen_random_uuid(), id, origin, true, allowance, issue_priority, measured_from, allowance, allowance, time_zone, '{}', created_at, created_at
from subscriptions.entitlement
where kind = 'metered' and allowance > 0;

-- Where usage begins to count anew beside the calendar: somebody reset it, or its customer moved to another zone. From then on the calendar
-- is the one that is named here.
create table subscriptions.entitlement_turn (
    entitlement_id   uuid not null references subscriptions.entitlement,
    at               timestamptz not null,
    is_reset         boolean not null,
    preserve_overage boolean not null,
    anchor           timestamptz not null,
    time_zone        text not null,
    created_at       timestamptz not null,
    primary key (entitlement_id, at)
);

-- Known states of balances, so that a reading does not go through all history. Never a source of truth: a change before "at" deletes the
-- row. One without a state is an intention; whoever finds it gone when the state is known has been overtaken by a change.
create table subscriptions.balance_snapshot (
    id              uuid not null,
    entitlement_id  uuid not null references subscriptions.entitlement,
    at              timestamptz not null,
    state           jsonb,
    primary key (entitlement_id, at)
);

-- allowed is what the balance gives in the burn phase [segment_start, segment_end); cap is what the escrow is held to, which is above it only
-- while more was out when it was lowered. A stale pool grants nothing before allowed is computed anew. A gauge is a level: leases say that
-- there is room, and hold nothing.
alter table subscriptions.pool
    add column allowed        bigint not null default 0 check (allowed >= 0),
    add column segment_start  timestamptz,
    add column segment_end    timestamptz,
    add column stale          boolean not null default true,
    add column gauge          boolean not null default false,
    drop constraint pool_conserves,
    add constraint pool_conserves check (not hard or gauge or settled + held <= cap);

update subscriptions.pool set allowed = cap, segment_start = period_start, segment_end = period_end;

alter table subscriptions.pool
    alter column segment_start set not null,
    alter column segment_end set not null;

create index pool_segment on subscriptions.pool (segment_end) where closed_at is null;
create index lease_open on subscriptions.lease (pool_id) where closed_at is null;
create index pool_entitlement on subscriptions.pool (entitlement_id, period_end);
