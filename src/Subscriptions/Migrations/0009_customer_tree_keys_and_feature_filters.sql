-- Customers stand in a tree of cost centres, teams, applications and agents, from when to when; they can be suspended; a key can be restricted
-- to features and name who uses it; a feature can be a part of its meter's usage and have a cost. What exists is as it was before.

alter table subscriptions.customer
    add column kind text not null default 'external' check (kind in ('external', 'internal')),
    add column level text not null default 'account' check (level in ('account', 'cost_centre', 'team', 'application', 'agent')),
    add column suspended_at timestamptz,
    add column suspension_reason text;

-- Half-open and without overlap: a new row ends the one before it. A row without a parent says: at the top from then on.
create table subscriptions.customer_placement (
    customer_id     uuid not null references subscriptions.customer,
    parent_id       uuid references subscriptions.customer,
    effective_from  timestamptz not null,
    effective_to    timestamptz,
    placed_at       timestamptz not null,
    primary key (customer_id, effective_from),
    check (effective_to is null or effective_from < effective_to),
    check (customer_id <> parent_id)
);

create index customer_placement_parent on subscriptions.customer_placement (parent_id, effective_from);

alter table subscriptions.credential
    add column feature_keys jsonb,
    add column application_id uuid references subscriptions.customer,
    add column agent_id uuid references subscriptions.customer,
    add column expires_at timestamptz,
    add column rotated_to uuid references subscriptions.credential;

create index credential_application on subscriptions.credential (application_id) where application_id is not null;
create index credential_agent on subscriptions.credential (agent_id) where agent_id is not null;

alter table subscriptions.feature
    add column meter_filters jsonb,
    add column unit_cost numeric(28, 12) check (unit_cost >= 0);
