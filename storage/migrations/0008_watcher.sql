-- What the watcher of each worker looks for: requests past their deadline, and decisions that were acknowledged and not settled.

alter table incidents drop constraint incidents_kind_check;
alter table incidents add constraint incidents_kind_check check (kind in (
  'forged_decision', 'forged_outcome', 'foreign_start', 'clock_skew', 'workflow_ended', 'deadline_enforced', 'quarantined', 'forged_row',
  'forged_receipt', 'rolled_back', 'digest_mismatch', 'executed_twice'));

-- The api answered 202: the decision is recorded and takes effect later. A decision whose maker was answered 503 is not sent again.
alter table decisions add column acknowledged_at timestamptz;
grant update (acknowledged_at) on decisions to letsping_app;

create index approval_requests_due on approval_requests (expires_at, id) where status = 'pending';
create index decisions_acknowledged on decisions (acknowledged_at) where acknowledged_at is not null and sent_back_at is null;
create index cancellations_newest on cancellations (created_at);
