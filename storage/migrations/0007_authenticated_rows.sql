-- Rows that grant authority carry a MAC under a key of their project (crypto/row-mac.ts): a row without one does not count. Rows of the
-- release before are adopted once by `letsping migrate`, which needs the root key.

alter table decisions add column mac bytea;
alter table decisions add column screening_mac bytea;
-- The workflow refused the decision, and its author was told so: it never counts.
alter table decisions add column sent_back_at timestamptz;
alter table decisions add column sent_back_mac bytea;
alter table decisions alter column created_at drop default;

-- A cancellation through the api, written before its message is sent.
create table cancellations (
  request_id   text primary key references approval_requests (id),
  project_id   text not null references projects (id),
  cause        text not null check (cause in ('caller')),
  requested_by text not null,
  created_at   timestamptz not null,
  mac          bytea not null
);
alter table cancellations enable row level security;
alter table cancellations force row level security;
create policy own_project on cancellations using (visible(project_id)) with check (visible(project_id));
grant select, insert on cancellations to letsping_app;

-- An incident may concern no request: a forged key, session or policy.
alter table incidents alter column request_id drop not null;
alter table incidents drop constraint incidents_kind_check;
alter table incidents add constraint incidents_kind_check check (kind in (
  'forged_decision', 'forged_outcome', 'foreign_start', 'clock_skew', 'workflow_ended', 'forged_row', 'forged_receipt', 'rolled_back',
  'digest_mismatch', 'executed_twice'));
create index incidents_recent on incidents (project_id, kind, created_at);

-- Links between requests and LangGraph threads, and reports of executions. `total`: how many requests the interrupt has.
alter table thread_interrupts add column total integer check (total > position);
alter table thread_interrupts add column mac bytea;
alter table thread_pauses add column mac bytea;
alter table executions add column mac bytea;
alter table executions alter column executed_at drop default;

-- An Idempotency-Key belongs to one record.
alter table idempotency_keys add column mac bytea;

-- The row of this migration closes the adoption. The first migration granted the application every right on every table, this one too.
revoke insert, update, delete, truncate on schema_migrations from letsping_app;

-- Who was given authority, by whom, and who lost it: one row per act, chained by MACs. Chain and MACs are the evidence; the columns are
-- in clear. Kinds are checked by the code, which has one list of them (domain/acts/act.ts). details is json, not jsonb: the MAC is of
-- its text. epoch rises when somebody accepts a restored backup.
create table admin_acts (
  project_id   text not null references projects (id),
  number       integer not null check (number > 0),
  epoch        integer not null check (epoch > 0),
  kind         text not null,
  subject      text,
  actor        text,
  details      json not null,
  created_at   timestamptz not null,
  previous_mac bytea,
  mac          bytea not null,
  primary key (project_id, number)
);
create function admin_acts_are_append_only() returns trigger language plpgsql as $$
begin
  raise exception 'administrative acts are append-only';
end $$;
create trigger admin_acts_are_append_only before update or delete on admin_acts
  for each row execute function admin_acts_are_append_only();
alter table admin_acts enable row level security;
alter table admin_acts force row level security;
create policy own_project on admin_acts using (visible(project_id)) with check (visible(project_id));
grant select, insert on admin_acts to letsping_app;

-- Keys, sessions, sign-in links, policies. Times are written by the statement that computes the MAC. Sessions and links of the release
-- before are not adopted: people sign in again.
alter table api_keys add column mac bytea;
alter table api_keys add column revoked_mac bytea;
alter table api_keys alter column created_at drop default;
alter table sessions add column mac bytea;
alter table sessions alter column created_at drop default;
alter table login_links add column mac bytea;
alter table policies add column mac bytea;
alter table policies alter column created_at drop default;
-- Versions of a policy stay append-only: adoption writes an absent MAC once, and nothing else.
create or replace function policies_are_append_only() returns trigger language plpgsql as $$
begin
  if tg_op = 'UPDATE' and old.mac is null and to_jsonb(new) - 'mac' = to_jsonb(old) - 'mac' then
    return new;
  end if;
  raise exception 'versions of a policy are append-only';
end $$;

-- Least privilege of the application, by column: what its code does (storage/grants.ts). Terms, decisions, keys and evidence are
-- written once. Deletes are left where the product deletes: threads, sessions, idempotency keys.
revoke update, delete, truncate, references, trigger on all tables in schema public from letsping_app;
grant update (root_key_id, wrapped_key) on projects to letsping_app;
grant update (sealed) on issuer_keys to letsping_app;
grant update (last_used_at, revoked_at, revoked_mac, mac) on api_keys to letsping_app;
grant update (status, resolved_at, workflow_started_at) on approval_requests to letsping_app;
grant update (screening, screened_at, sealed_screening, screening_mac, sent_back_at, sent_back_mac) on decisions to letsping_app;
grant update (started_at, delivered_at, dead_at) on deliveries to letsping_app;
grant update (used_at, mac) on login_links to letsping_app;
grant update (status, sealed_answer, locked_until) on idempotency_keys to letsping_app;
grant update (fence, owner, attempt, lease_until) on threads to letsping_app;
grant update (parent_id, v, source, step, channel_versions, sealed, seen_fence) on checkpoints to letsping_app;
grant update (task_path, channel, sealed) on checkpoint_writes to letsping_app;
grant update (resumed_at) on thread_interrupts to letsping_app;
grant delete on sessions, idempotency_keys, threads, checkpoints, checkpoint_values, checkpoint_writes, thread_pauses, thread_interrupts
  to letsping_app;
