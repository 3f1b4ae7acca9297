-- A permit is claimed before its effect: one row per claim, numbered per request. Who claimed it, how the claim ended by its claimant's
-- word, and how a person closed it. The newest row is the state of the permit (domain/approval/permit.ts). Each row has one MAC, which
-- its end and its closing replace, and which says more than constraints could: each allowed action writes a row. token_sha256 is absent where the execution was reported without a claim, as published clients do.
create table claims (
  request_id     text not null references approval_requests (id),
  attempt        integer not null check (attempt > 0),
  project_id     text not null,
  payload_digest text not null,
  claimed_by     text not null,
  key_id         text,
  token_sha256   bytea,
  retryable      boolean not null,
  claimed_at     timestamptz not null,
  unknown_after  timestamptz not null,
  ended          text check (ended in ('done', 'not_run', 'failed')),
  ended_at       timestamptz,
  closed_as      text check (closed_as in ('done', 'not_run')),
  closed_by      text,
  closed_at      timestamptz,
  mac            bytea not null,
  primary key (request_id, attempt)
);
-- Reports of executions keep their MACs: they are read as the first and only claim of their request.
insert into claims (request_id, attempt, project_id, payload_digest, claimed_by, retryable, claimed_at, unknown_after, ended, ended_at, mac)
  select request_id, 1, project_id, payload_digest, reported_by, false, executed_at, executed_at, 'done', executed_at, coalesce(mac, '')
  from executions;
drop table executions;

alter table claims enable row level security;
alter table claims force row level security;
create policy own_project on claims using (visible(project_id)) with check (visible(project_id));
grant select, insert on claims to letsping_app;
grant update (ended, ended_at, closed_as, closed_by, closed_at, mac) on claims to letsping_app;
create index claims_open on claims (unknown_after) where closed_as is null and (ended is null or ended = 'failed');

alter table incidents drop constraint incidents_kind_check;
alter table incidents add constraint incidents_kind_check check (kind in (
  'forged_decision', 'forged_outcome', 'foreign_start', 'clock_skew', 'workflow_ended', 'deadline_enforced', 'quarantined', 'forged_row',
  'forged_receipt', 'rolled_back', 'digest_mismatch', 'executed_twice', 'permit_unknown', 'claim_overtaken'));
