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
