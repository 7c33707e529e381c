-- What a customer bought, on the calendar: the phases and items are copied from the plan version, so that an edit of one subscription can
-- change its own items and leave the others alone.

create table subscriptions.subscription (
    id               uuid primary key,
    customer_id      uuid not null references subscriptions.customer,
    plan_id          uuid not null references subscriptions.plan,
    name             text not null,
    description      text,
    currency         text not null,
    billing_cadence  text not null,
    billing_anchor   timestamptz not null,
    prorates         boolean not null,
    active_from      timestamptz not null,
    active_to        timestamptz,
    metadata         jsonb not null,
    created_at       timestamptz not null,
    updated_at       timestamptz not null,
    check (active_to is null or active_from <= active_to)
);

create index subscription_customer on subscriptions.subscription (customer_id, active_from);

-- A cancellation moves the subscription's end only; what lies behind that end is cut when it is read.
create table subscriptions.subscription_phase (
    id               uuid primary key,
    subscription_id  uuid not null references subscriptions.subscription,
    position         int not null,
    key              text not null,
    name             text not null,
    active_from      timestamptz not null,
    active_to        timestamptz,
    unique (subscription_id, position)
);

create table subscriptions.subscription_item (
    id          uuid primary key,
    phase_id    uuid not null references subscriptions.subscription_phase,
    position    int not null,
    feature_id  uuid references subscriptions.feature,
    rate_card   jsonb not null,
    unique (phase_id, position)
);

create table subscriptions.entitlement (
    id               uuid primary key,
    customer_id      uuid not null references subscriptions.customer,
    subscription_id  uuid not null references subscriptions.subscription,
    item_id          uuid not null unique references subscriptions.subscription_item,
    feature_id       uuid not null references subscriptions.feature,
    feature_key      text not null,
    kind             text not null check (kind in ('boolean', 'static', 'metered')),
    config           text,
    soft             boolean not null,
    allowance        bigint not null check (allowance >= 0),
    usage_period     text,
    rate_limits      jsonb not null,
    active_from      timestamptz not null,
    active_to        timestamptz,
    check ((kind = 'static') = (config is not null)),
    check ((kind = 'metered') = (usage_period is not null))
);

create index entitlement_customer on subscriptions.entitlement (customer_id, feature_key);
