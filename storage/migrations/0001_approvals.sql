-- Everything about approvals. Data fields are named as on the wire. Payloads, reasons and findings are sealed (bytea); what is in
-- clear are ids, names of services and actions, digests, enums and times.
--
-- Projects are walled off twice: every statement names the project, and row-level security, forced also for the owner of the
-- tables, shows a transaction only the project that it set as app.project_id (storage/transaction.ts). The attacker here is
-- our own forgotten WHERE. '*' is what sign-in and the reconciler set: they look across projects, by narrow statements.

do $$ begin
  create role letsping_app nologin;
exception when duplicate_object or unique_violation then null;
end $$;

create function visible(project_id text) returns boolean language sql stable
  return coalesce(current_setting('app.project_id', true) in (project_id, '*'), false);

-- A tenant. wrapped_key seals all it has; without the row nothing of it can be read again.
create table projects (
  id          text primary key,
  name        text not null,
  root_key_id text not null,
  wrapped_key bytea not null,
  created_at  timestamptz not null default now()
);

-- Keys that sign receipts. The newest that is not retired signs; all are published.
create table issuer_keys (
  kid        text primary key,
  public_jwk jsonb not null,
  sealed     bytea not null,
  created_at timestamptz not null default now(),
  retired_at timestamptz
);

-- Who may speak: a key of an owner in a project. Only the hash of the secret is here.
create table api_keys (
  id            text primary key,
  project_id    text not null references projects (id),
  name          text not null,
  owner         text not null,
  role          text not null check (role in ('agent', 'approver', 'admin')),
  services      text[],
  secret_sha256 bytea not null check (length(secret_sha256) = 32),
  created_at    timestamptz not null default now(),
  last_used_at  timestamptz,
  revoked_at    timestamptz
);
create index api_keys_project on api_keys (project_id, created_at);

-- Every version of a project's policy. The highest is in force; none means: hold everything.
create table policies (
  project_id text not null references projects (id),
  version    integer not null check (version > 0),
  digest     text not null,
  document   jsonb not null,
  created_by text not null,
  created_at timestamptz not null default now(),
  primary key (project_id, version)
);

-- What an agent asked, and the read model of its workflow. sealed: payload, salt, schema, metadata, context, findings.
create table approval_requests (
  id                      text primary key,
  project_id              text not null references projects (id),
  service                 text not null,
  action                  text not null,
  priority                text not null check (priority in ('low', 'medium', 'high', 'critical')),
  status                  text not null check (status in ('pending', 'approved', 'rejected', 'expired', 'cancelled')),
  verdict                 text not null check (verdict in ('allow', 'hold', 'block')),
  held_by                 text check (held_by in ('finding', 'policy')),
  finding_ids             text[] not null,
  requested_by            text not null,
  key_id                  text not null,
  thread_id               text collate "C",
  node                    text,
  payload_digest          text not null,
  sealed                  bytea not null,
  policy_version          integer not null,
  policy_digest           text not null,
  accept_unsigned_signals boolean not null,
  created_at              timestamptz not null,
  expires_at              timestamptz not null,
  workflow_started_at     timestamptz,
  resolved_at             timestamptz,
  constraint held_iff_held_by check ((verdict = 'hold') = (held_by is not null)),
  constraint resolved_iff_not_pending check ((status = 'pending') = (resolved_at is null))
);
create index approval_requests_newest on approval_requests (project_id, created_at desc, id desc);
create index approval_requests_by_status on approval_requests (project_id, status, created_at desc, id desc);
create index approval_requests_by_thread on approval_requests (project_id, thread_id, created_at desc) where thread_id is not null;
create index approval_requests_unstarted on approval_requests (created_at) where status = 'pending' and workflow_started_at is null;

-- What a person answered, written before the workflow hears of it. It counts when the ledger names it. sealed: reason, patch, salt.
create table decisions (
  id             text primary key,
  project_id     text not null references projects (id),
  request_id     text not null references approval_requests (id),
  type           text not null check (type in ('approve', 'patch', 'reject')),
  actor          text not null,
  channel        text not null,
  payload_digest text not null,
  patched_digest text,
  sealed         bytea,
  sealed_screening bytea,
  created_at     timestamptz not null default now(),
  constraint patched_iff_patch check ((type = 'patch') = (patched_digest is not null))
);
create index decisions_request on decisions (request_id, created_at);

-- The last word: one row per request, with its receipt. Written once, never changed (see the trigger below).
create table ledger (
  request_id     text primary key references approval_requests (id),
  project_id     text not null references projects (id),
  status         text not null check (status in ('approved', 'rejected', 'expired', 'cancelled')),
  cause          text not null check (cause in ('person', 'firewall', 'deadline', 'caller', 'superseded', 'agent_gone', 'forged')),
  payload_digest text not null,
  decision_id    text,
  actor          text,
  channel        text not null,
  verified       boolean not null,
  resolved_at    timestamptz not null,
  receipt        text not null
);
create function ledger_is_append_only() returns trigger language plpgsql as $$
begin
  raise exception 'the ledger is append-only';
end $$;
create trigger ledger_is_append_only before update or delete on ledger
  for each row execute function ledger_is_append_only();

-- That the agent ran what was approved: once.
create table executions (
  request_id     text primary key references approval_requests (id),
  project_id     text not null references projects (id),
  payload_digest text not null,
  reported_by    text not null,
  executed_at    timestamptz not null default now()
);

-- What somebody has to look at: a forged decision, an execution of other bytes.
create table incidents (
  id          text primary key,
  project_id  text not null references projects (id),
  request_id  text not null references approval_requests (id),
  kind        text not null check (kind in ('forged_decision', 'digest_mismatch', 'executed_twice')),
  reported_by text,
  created_at  timestamptz not null default now()
);
create index incidents_request on incidents (request_id, created_at);

-- Outbox: what has to reach a receiver after the outcome. Written in the outcome's transaction; one deliveryV1 each.
create table deliveries (
  id           text primary key,
  project_id   text not null references projects (id),
  request_id   text not null references approval_requests (id),
  kind         text not null check (kind in ('langgraph_resume')),
  created_at   timestamptz not null default now(),
  started_at   timestamptz,
  delivered_at timestamptz,
  dead_at      timestamptz,
  unique (request_id, kind)
);
create index deliveries_unstarted on deliveries (created_at) where started_at is null;

-- Which request carries which question of a LangGraph thread. Several actions under one interrupt are several rows.
create table thread_interrupts (
  project_id   text not null references projects (id),
  thread_id    text collate "C" not null,
  interrupt_id text collate "C" not null,
  position     integer not null check (position >= 0),
  graph        text not null,
  request_id   text not null unique references approval_requests (id),
  created_at   timestamptz not null default now(),
  resumed_at   timestamptz,
  primary key (project_id, thread_id, interrupt_id, position)
);

-- Answers that may be asked for again: Idempotency-Key, hashed, per key and route. reference is the id that the first try made.
create table idempotency_keys (
  project_id    text not null references projects (id),
  key_id        text not null,
  route         text not null,
  key_hash      bytea not null,
  body_hash     bytea not null,
  reference     text not null,
  locked_until  timestamptz not null,
  status        integer,
  sealed_answer bytea,
  created_at    timestamptz not null default now(),
  primary key (project_id, key_id, route, key_hash)
);
create index idempotency_keys_age on idempotency_keys (created_at);

-- Signed-in people (approval page), and the one-time links that sign them in. Only hashes of the tokens are here.
create table sessions (
  token_sha256 bytea primary key,
  project_id   text not null references projects (id),
  owner        text not null,
  role         text not null check (role in ('approver', 'admin')),
  key_id       text references api_keys (id),
  created_at   timestamptz not null default now(),
  expires_at   timestamptz not null
);
create table login_links (
  token_sha256 bytea primary key,
  project_id   text not null references projects (id),
  owner        text not null,
  role         text not null check (role in ('approver', 'admin')),
  expires_at   timestamptz not null,
  used_at      timestamptz
);

do $$
declare t text;
begin
  foreach t in array array['api_keys', 'policies', 'approval_requests', 'decisions', 'ledger', 'executions', 'incidents',
                           'deliveries', 'thread_interrupts', 'idempotency_keys', 'sessions', 'login_links'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format('create policy own_project on %I using (visible(project_id)) with check (visible(project_id))', t);
  end loop;
end $$;
alter table projects enable row level security;
alter table projects force row level security;
create policy own_project on projects using (visible(id)) with check (visible(id));

grant usage on schema public to letsping_app;
grant select, insert, update, delete on all tables in schema public to letsping_app;
revoke update, delete on ledger from letsping_app;
revoke update, delete on policies from letsping_app;
