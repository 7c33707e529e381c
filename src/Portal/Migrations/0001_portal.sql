-- Links that let a customer in, and the sessions they open. Only hashes of secrets are kept.

create schema portal;

create table portal.link (
    id           uuid primary key,
    customer_id  uuid not null,
    subject      text,
    token_hash   bytea not null unique,
    created_at   timestamptz not null,
    expires_at   timestamptz not null,
    revoked_at   timestamptz,
    check (expires_at > created_at)
);

create index link_subject on portal.link (subject) where revoked_at is null;

-- A session lives as long as its link: no longer, and not after the link is revoked.
create table portal.session (
    secret_hash  bytea primary key,
    link_id      uuid not null references portal.link (id),
    opened_at    timestamptz not null
);

create index session_link on portal.session (link_id, opened_at);
