-- Who is told about what: channels, rules, what happened, and every attempt to deliver it.

create schema notifications;

-- sealed: signing secret and custom headers, encrypted; the key is not in the database.
create table notifications.channel (
    id          uuid primary key,
    name        text not null,
    url         text not null,
    sealed      bytea not null,
    disabled    boolean not null,
    metadata    jsonb not null,
    created_at  timestamptz not null,
    updated_at  timestamptz not null,
    deleted_at  timestamptz
);

create table notifications.rule (
    id          uuid primary key,
    type        text not null,
    name        text not null,
    disabled    boolean not null,
    thresholds  jsonb not null,
    features    jsonb not null,
    metadata    jsonb not null,
    created_at  timestamptz not null,
    updated_at  timestamptz not null,
    deleted_at  timestamptz
);

create table notifications.rule_channel (
    rule_id     uuid not null references notifications.rule,
    channel_id  uuid not null references notifications.channel,
    position    int not null,
    primary key (rule_id, channel_id)
);

create index rule_channel_channel on notifications.rule_channel (channel_id);

-- What happened, as it was told: the rule and the payload never change.
create table notifications.event (
    id           uuid primary key,
    type         text not null,
    created_at   timestamptz not null,
    rule_id      uuid not null references notifications.rule,
    rule         jsonb not null,
    payload      text not null,
    customer_id  uuid,
    feature_id   uuid,
    feature_key  text,
    subject      text
);

create index event_created on notifications.event (created_at, id);
create index event_rule on notifications.event (rule_id);

create table notifications.delivery (
    id               uuid primary key,
    event_id         uuid not null references notifications.event on delete cascade,
    channel_id       uuid not null references notifications.channel,
    state            text not null check (state in ('PENDING', 'SENDING', 'RESENDING', 'SUCCESS', 'FAILED')),
    reason           text not null,
    tries            int not null check (tries >= 0),
    next_attempt_at  timestamptz,
    updated_at       timestamptz not null,
    unique (event_id, channel_id),
    check ((next_attempt_at is null) = (state in ('SUCCESS', 'FAILED')))
);

create index delivery_due on notifications.delivery (next_attempt_at) where next_attempt_at is not null;
create index delivery_channel on notifications.delivery (channel_id);

create table notifications.attempt (
    delivery_id  uuid not null references notifications.delivery on delete cascade,
    at           timestamptz not null,
    number       int not null,
    state        text not null check (state in ('SUCCESS', 'FAILED')),
    url          text not null,
    status_code  int,
    body         text not null,
    duration_ms  int not null,
    primary key (delivery_id, number)
);

-- A threshold is told once in a usage period, however often the balance goes up and down.
create table notifications.threshold_crossing (
    rule_id         uuid not null references notifications.rule,
    entitlement_id  uuid not null,
    threshold       text not null,
    period_start    timestamptz not null,
    crossed_at      timestamptz not null,
    primary key (entitlement_id, rule_id, threshold, period_start)
);

-- Usage came in; the balance is looked at a moment later, once for all of it.
create table notifications.touched_entitlement (
    entitlement_id  uuid primary key,
    touched_at      timestamptz not null
);

create index touched_entitlement_at on notifications.touched_entitlement (touched_at);

-- When the usage period of an entitlement ends, for as long as somebody wants to be told.
-- begins: nothing is reset then, the first period begins.
create table notifications.watched_period (
    entitlement_id  uuid primary key,
    turns_at        timestamptz not null,
    begins          boolean not null
);

create index watched_period_turns on notifications.watched_period (turns_at);

-- One row while somebody wants to be told of resets: the newest entitlement that is watched was made then.
create table notifications.watch_cursor (
    only_one  boolean primary key check (only_one),
    made_at   timestamptz not null
);
