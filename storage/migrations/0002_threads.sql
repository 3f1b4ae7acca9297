-- LangGraph threads: sealed checkpoints, and the lease of each thread. Thread, namespace, ids, parent, channel names and their
-- versions, task ids and paths, step and source have to be in clear; every value is sealed under the thread's own key.
-- Sealed bytes do not compress: with `storage external` the server does not try (5 MB: 36 ms instead of 162 ms).

-- A thread: its key, and its lease. The fence rises with every lease, and a checkpoint written under an older fence is refused.
-- Without this row nothing of the thread can be read.
create table threads (
  project_id  text not null references projects (id),
  thread_id   text collate "C" not null,
  thread_key  text not null,
  wrapped_key bytea not null,
  fence       bigint not null default 0,
  owner       text,
  attempt     integer,
  lease_until timestamptz,
  created_at  timestamptz not null default now(),
  primary key (project_id, thread_id),
  unique (project_id, thread_key),
  constraint owned_while_leased check (lease_until is null or (owner is not null and attempt is not null))
);

-- The three tables below have no foreign key, which would cost a look-up per row: every insert locks the thread's row, and
-- deleting a thread locks that row first. channel_versions is json, not jsonb: its text is part of the seal's context.
-- seen_fence is the thread's fence if a run without a lease wrote the checkpoint, null if the lease's holder did.
create table checkpoints (
  project_id       text not null,
  thread_id        text collate "C" not null,
  checkpoint_ns    text collate "C" not null,
  checkpoint_id    text collate "C" not null,
  parent_id        text collate "C",
  v                integer not null,
  source           text,
  step             integer,
  channel_versions json not null,
  sealed           bytea not null,
  seen_fence       bigint,
  primary key (project_id, thread_id, checkpoint_ns, checkpoint_id)
);

-- The value of one channel in one version: written once, shared by all checkpoints that have this version.
create table checkpoint_values (
  project_id    text not null,
  thread_id     text collate "C" not null,
  checkpoint_ns text collate "C" not null,
  channel       text collate "C" not null,
  version       text collate "C" not null,
  sealed        bytea not null,
  primary key (project_id, thread_id, checkpoint_ns, channel, version)
);

-- Writes of tasks between a checkpoint and the next one. A negative idx is a special write (error, interrupt, resume).
create table checkpoint_writes (
  project_id    text not null,
  thread_id     text collate "C" not null,
  checkpoint_ns text collate "C" not null,
  checkpoint_id text collate "C" not null,
  task_id       text collate "C" not null,
  idx           integer not null,
  task_path     text collate "C" not null,
  channel       text collate "C" not null,
  sealed        bytea not null,
  primary key (project_id, thread_id, checkpoint_ns, checkpoint_id, task_id, idx)
);

-- The request that the n-th pause of a node opened, and whether it was held: if so, the answer comes by a resume. A node starts
-- from its beginning at every resume, even days later, and must find its request again.
create table thread_pauses (
  project_id text not null,
  thread_id  text collate "C" not null,
  pause_key  text collate "C" not null,
  request_id text not null references approval_requests (id),
  held       boolean not null,
  created_at timestamptz not null default now(),
  primary key (project_id, thread_id, pause_key)
);

alter table checkpoints alter sealed set storage external;
alter table checkpoint_values alter sealed set storage external;
alter table checkpoint_writes alter sealed set storage external;

do $$
declare t text;
begin
  foreach t in array array['threads', 'checkpoints', 'checkpoint_values', 'checkpoint_writes', 'thread_pauses'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format('create policy own_project on %I using (visible(project_id)) with check (visible(project_id))', t);
    execute format('grant select, insert, update, delete on %I to letsping_app', t);
  end loop;
end $$;
