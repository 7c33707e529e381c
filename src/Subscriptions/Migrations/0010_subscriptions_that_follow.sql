-- A customer may have many subscriptions at a time. Which of them a change made to follow another has to be known, so that what was to end and
-- does not is not paid for beside its successor.
alter table subscriptions.subscription add follows uuid references subscriptions.subscription;

-- Until now a customer had one at a time: who begins where another ends follows it.
update subscriptions.subscription s
set follows = before.id
from subscriptions.subscription before
where before.customer_id = s.customer_id
  and before.active_to = s.active_from
  and before.id <> s.id
  and before.deleted_at is null
  and s.deleted_at is null;

create index subscription_follows on subscriptions.subscription (follows) where follows is not null;
