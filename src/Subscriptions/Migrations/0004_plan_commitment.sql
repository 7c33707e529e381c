-- The least that a full billing period of a plan costs over all its rate cards; null when nothing is agreed.

alter table subscriptions.plan add column commitment numeric(28,12);
