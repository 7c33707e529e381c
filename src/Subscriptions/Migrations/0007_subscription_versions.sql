-- A subscription is edited while it runs. What it sells and when is a document of which every version is kept, so that each past instant can
-- still be told; phases and items of the tables before become the first version of that document.

create table subscriptions.subscription_version (
    subscription_id  uuid not null references subscriptions.subscription,
    number           int not null check (number >= 1),
    recorded_at      timestamptz not null,
    change           text not null,
    active_to        timestamptz,
    content          json not null,
    primary key (subscription_id, number)
);

create function subscriptions.refuse_version_change() returns trigger language plpgsql as $$
begin
    raise exception 'A version of a subscription does not change; changes are new versions.' using errcode = 'restrict_violation';
end
$$;

create trigger subscription_version_immutable before update or delete on subscriptions.subscription_version
    for each row execute function subscriptions.refuse_version_change();

-- A plan written for one subscription alone has no row of its own, only a name. A scheduled subscription can be deleted before it starts.
alter table subscriptions.subscription
    alter column plan_id drop not null,
    add column plan_name text,
    add column deleted_at timestamptz;

create view pg_temp.old_phase as
select h.subscription_id, h.position,
       json_strip_nulls(json_build_object(
           'id', h.id, 'key', h.key, 'name', h.name, 'from', to_char(h.active_from at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
           'cards', coalesce((
               select json_agg(json_build_object('card', json_build_object('card', i.rate_card, 'featureId', i.feature_id)) order by i.position)
               from subscriptions.subscription_item i
               where i.phase_id = h.id), '[]'::json))) as document
from subscriptions.subscription_phase h;

create view pg_temp.old_item as
select h.subscription_id, h.position as phase_position, i.position,
       json_strip_nulls(json_build_object(
           'id', i.id, 'phaseId', h.id, 'card', i.rate_card, 'featureId', i.feature_id,
           'from', to_char(h.active_from at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
           'to', to_char(h.active_to at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
           'entitledBy', case when i.rate_card -> 'entitlementTemplate' is not null and i.feature_id is not null then i.id end,
           'createdAt', to_char(s.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
           'addonIds', '[]'::json)) as document
from subscriptions.subscription_phase h
join subscriptions.subscription s on s.id = h.subscription_id
join subscriptions.subscription_item i on i.phase_id = h.id;

insert into subscriptions.subscription_version (subscription_id, number, recorded_at, change, active_to, content)
select s.id, 1, s.created_at, 'created', s.active_to, json_build_object(
    'activeFrom', to_char(s.active_from at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    'cadence', s.billing_cadence,
    'origin', p.phases, 'edits', '[]'::json, 'addons', '[]'::json, 'phases', p.phases,
    'items', coalesce(
        (select json_agg(i.document order by i.phase_position, i.position) from pg_temp.old_item i where i.subscription_id = s.id), '[]'::json))
from subscriptions.subscription s
cross join lateral (
    select json_agg(h.document order by h.position) as phases from pg_temp.old_phase h where h.subscription_id = s.id
) p;

drop view pg_temp.old_item;
drop view pg_temp.old_phase;

-- Of an item only the id stays in a table of its own: entitlements say which item brought them.
alter table subscriptions.subscription_item add column subscription_id uuid references subscriptions.subscription;
update subscriptions.subscription_item i
set subscription_id = h.subscription_id
from subscriptions.subscription_phase h
where h.id = i.phase_id;
alter table subscriptions.subscription_item
    alter column subscription_id set not null,
    drop column phase_id,
    drop column position,
    drop column feature_id,
    drop column rate_card;
drop table subscriptions.subscription_phase;

-- Periods are counted on the customer's calendar. One who moves ends the running period where it was going to end, so moves are remembered.
create table subscriptions.customer_zone_change (
    customer_id  uuid not null references subscriptions.customer,
    changed_at   timestamptz not null,
    zone_before  text not null,
    primary key (customer_id, changed_at)
);
