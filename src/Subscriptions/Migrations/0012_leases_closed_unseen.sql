-- A sidecar closes a lease whose question was not answered in time, and the question may arrive after that. The closing is remembered without
-- a pool, so that such a lease is never granted: nobody would spend it, and nobody would give it back.
alter table subscriptions.lease
    alter column pool_id drop not null,
    add constraint lease_of_a_pool check (pool_id is not null or (granted = 0 and closed_at is not null));

create index lease_closed_unseen on subscriptions.lease (closed_at) where pool_id is null;
