-- What all api processes used of the limits (api/limits/share-usage.ts). id is a hash of what is limited: nothing readable, no project.
-- Unlogged: written four times a second, and worth nothing after a crash.
create unlogged table limit_usage (
  id      bytea primary key check (length(id) = 16),
  used    bigint not null check (used >= 0),
  used_at timestamptz not null default now()
);
grant select, insert, delete on limit_usage to letsping_app;
grant update (used, used_at) on limit_usage to letsping_app;

-- Requests that wait for a person, counted per key.
create index approval_requests_pending_of_key on approval_requests (key_id) where status = 'pending';
