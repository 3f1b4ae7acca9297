-- Lists are ordered by the time of a request, which its index has without the id: half the bytes, and rows of one instant are sorted when
-- they are read. An allowed request, the most frequent one, has no entry in the index by status.
drop index approval_requests_newest;
drop index approval_requests_by_status;
create index approval_requests_by_time on approval_requests (project_id, created_at);
create index approval_requests_unapproved on approval_requests (project_id, status, created_at) where status <> 'approved';
