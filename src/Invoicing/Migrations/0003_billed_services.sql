-- What has been billed of each service period of each item, net of what was given back. A change of a subscription credits by this, and never
-- more than this. It follows from the documents, as the cursor does: they stay as they are, this moves on with the transaction that issues.

create table invoicing.billed_service (
    subscription_id  uuid not null references invoicing.billing_cursor (subscription_id),
    item_id          uuid not null,
    full_from        timestamptz not null,
    full_to          timestamptz not null,
    served_from      timestamptz,
    served_to        timestamptz,
    in_advance       boolean not null,
    name             text not null,
    phase_key        text not null,
    rate_card_key    text not null,
    feature_key      text,
    price            jsonb not null,
    charges          jsonb not null,
    amount_minor     bigint not null,
    primary key (subscription_id, item_id, full_from),
    check (full_from < full_to),
    check ((served_from is null) = (served_to is null)),
    check (served_from < served_to)
);

-- What an earlier version billed is not in it: up to here nothing is billed again, and nothing can be credited.
alter table invoicing.billing_cursor add column services_from timestamptz;
update invoicing.billing_cursor set services_from = billed_through;

-- A subscription may be ended at the very instant up to which it was billed: what that gives back is settled by a further round.
alter table invoicing.closed_period
    drop constraint closed_period_pkey,
    add column round int not null default 0,
    add primary key (subscription_id, boundary, round);
