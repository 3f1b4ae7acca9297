-- LangGraph threads: sealed checkpoints, and who may continue a thread. In clear of necessity are thread, namespace, ids, parent,
-- channel names and their versions, task ids and paths, step and source; every value is sealed under the thread's own key.
-- Sealed bytes do not compress: `storage external` spares the server the attempt (5 MB: 36 ms instead of 162 ms).

-- A thread: its key, and the claim on it. The fence rises with every claim, and a checkpoint written under an older one is
-- refused. Without the row nothing of the thread can be read again.
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

-- The three tables below carry no foreign key, which would cost a look-up per row: every insert locks the thread's row, and
-- deleting a thread takes that row first. channel_versions is json, not jsonb: its text is part of what the seal binds.
-- seen_fence is the thread's fence when a run without a claim wrote the checkpoint, null when a claim's holder did.
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

-- The value of one channel in one version: written once, shared by all later checkpoints in which it did not change.
create table checkpoint_values (
  project_id    text not null,
  thread_id     text collate "C" not null,
  checkpoint_ns text collate "C" not null,
  channel       text collate "C" not null,
  version       text collate "C" not null,
  sealed        bytea not null,
  primary key (project_id, thread_id, checkpoint_ns, channel, version)
);

-- What tasks wrote after a checkpoint, until the next one. A negative idx is a special write (error, interrupt, resume).
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

-- Which request the n-th pause of a node opened, and whether it was held then: if so, the answer comes by a resume. A node starts
-- again at every resume, days later too, and must find its request.
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
