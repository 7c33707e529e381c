-- Add-ons: what can be bought beside a plan. A version of an add-on is a document like a version of a plan; which plans it can be had with, and
-- from which phase on, is said beside it.

create table subscriptions.addon (
    id              uuid primary key,
    key             text not null,
    version         int not null check (version >= 1),
    name            text not null,
    description     text,
    currency        text not null,
    instance_type   text not null check (instance_type in ('single', 'multiple')),
    rate_cards      jsonb not null,
    metadata        jsonb not null,
    effective_from  timestamptz,
    effective_to    timestamptz,
    created_at      timestamptz not null,
    updated_at      timestamptz not null,
    unique (key, version),
    check (effective_to is null or effective_from <= effective_to)
);

create unique index addon_one_draft on subscriptions.addon (key) where effective_from is null;
create unique index addon_one_in_force on subscriptions.addon (key) where effective_from is not null and effective_to is null;

create table subscriptions.plan_addon (
    id               uuid primary key,
    plan_id          uuid not null references subscriptions.plan,
    addon_id         uuid not null references subscriptions.addon,
    from_plan_phase  text not null,
    max_quantity     int check (max_quantity >= 1),
    metadata         jsonb not null,
    created_at       timestamptz not null,
    updated_at       timestamptz not null,
    unique (plan_id, addon_id)
);

-- How many of it a subscription has when is in the subscription's versions.
create table subscriptions.subscription_addon (
    id               uuid primary key,
    subscription_id  uuid not null references subscriptions.subscription,
    addon_id         uuid not null references subscriptions.addon,
    name             text not null,
    description      text,
    metadata         jsonb not null,
    created_at       timestamptz not null,
    updated_at       timestamptz not null,
    unique (subscription_id, addon_id)
);
