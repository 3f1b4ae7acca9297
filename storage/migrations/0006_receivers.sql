-- One outbox row per request, kind and receiver: a request can have several webhook endpoints and a LangGraph thread. Kinds are
-- checked by the code, which has one list of them (domain/outbox/kinds.ts), so a new kind needs no migration. The database makes
-- the ids, because only the statement that writes an outcome knows how many receivers there are.

-- The owner of the tables is subject to row-level security too, and would update no row without this.
set local app.project_id = '*';

alter table deliveries add column receiver text collate "C";
alter table deliveries drop constraint deliveries_kind_check;
-- The receiver of a thread's row is its interrupt. A deleted thread has left no interrupt: its row keeps its history.
update deliveries d set kind = 'langgraph', receiver = coalesce(
  (select i.interrupt_id from thread_interrupts i where i.project_id = d.project_id and i.request_id = d.request_id), 'deleted thread');

alter table deliveries alter column receiver set not null;
alter table deliveries drop constraint deliveries_request_id_kind_key;
alter table deliveries add constraint deliveries_key unique (request_id, kind, receiver);
alter table deliveries alter column id set default 'dlv_' || replace(gen_random_uuid()::text, '-', '');
