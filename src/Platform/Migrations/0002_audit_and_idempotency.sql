-- Who changed what, for ever; and the answers to requests that may be sent again.

-- Written in the transaction of the change it tells. The number is the order in which entries were written.
create table platform.audit_entry (
    number         bigint generated always as identity primary key,
    id             uuid not null unique,
    at             timestamptz not null,
    actor_kind     text not null,
    actor_id       text not null,
    actor_name     text not null,
    actor_role     text,
    action         text not null,
    resource_type  text not null,
    resource_id    text not null,
    before         jsonb,
    after          jsonb,
    trace_id       text
);

create index audit_entry_resource on platform.audit_entry (resource_type, resource_id, number);
create index audit_entry_actor on platform.audit_entry (actor_id, number);
create index audit_entry_at on platform.audit_entry (at);

create function platform.refuse_change() returns trigger language plpgsql as $$
begin
    raise exception '% is append-only: no % on it', tg_table_name, lower(tg_op) using errcode = 'restrict_violation';
end
$$;

create trigger audit_entry_append_only
    before update or delete or truncate on platform.audit_entry
    for each statement execute function platform.refuse_change();

-- Written in the transaction of the work, so that work and record exist together or not at all. The answer is sealed with the secret of the
-- caller's API key, which is stored nowhere. Without status: the work was done, and its answer was not kept.
create table platform.idempotency_key (
    api_key_id   uuid not null,
    route        text not null,
    key          text not null check (length(key) between 1 and 255),
    fingerprint  bytea not null,
    status       int,
    headers      jsonb,
    body         bytea,
    created_at   timestamptz not null,
    expires_at   timestamptz not null,
    primary key (api_key_id, route, key),
    check (status between 200 and 499),
    check ((status is null) = (headers is null) and (status is null) = (body is null))
);

create index idempotency_key_expiry on platform.idempotency_key (expires_at);
