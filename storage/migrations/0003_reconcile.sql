-- The reconciler closes requests whose workflow ended without an outcome, and leaves an incident with each.
alter table incidents drop constraint incidents_kind_check;
alter table incidents add constraint incidents_kind_check
  check (kind in ('forged_decision', 'digest_mismatch', 'executed_twice', 'workflow_ended'));

-- What waits, over all projects: the reconciler walks it in the order of ids, and the gauge of pending requests counts it.
create index approval_requests_waiting on approval_requests (id) include (workflow_started_at) where status = 'pending';
