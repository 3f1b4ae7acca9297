-- The reconciler closes requests whose workflow ended without an outcome, and records an incident for each.
alter table incidents drop constraint incidents_kind_check;
alter table incidents add constraint incidents_kind_check
  check (kind in ('forged_decision', 'digest_mismatch', 'executed_twice', 'workflow_ended'));

-- Pending requests of all projects: the reconciler reads them in the order of their ids, and the gauge of pending requests counts them.
create index approval_requests_waiting on approval_requests (id) include (workflow_started_at) where status = 'pending';
