-- After the retention time of its project, the payload of a closed request is removed: of the seal the front remains, which authenticates
-- the request's terms, and a MAC says that this product removed the rest. Decisions lose their reason and patch.
alter table approval_requests add column payload_removed_at timestamptz;
alter table approval_requests add column payload_removed_mac bytea;
alter table decisions add column payload_removed_at timestamptz;
grant update (sealed, payload_removed_at, payload_removed_mac) on approval_requests to letsping_app;
grant update (sealed, payload_removed_at, mac) on decisions to letsping_app;

-- The attacker has the application's password. They can remove payloads of closed requests, and those then fail their check; they can
-- change no payload, and remove none before the outcome. 65 bytes: SEAL_FRONT (crypto/envelope.ts). Against the owner of the tables, who can
-- drop a trigger, stands the MAC alone.
create function is_owner_of(relation oid) returns boolean language sql stable
  return (select relowner = current_user::regrole from pg_class where oid = relation);
create function only_closed_requests_lose_payloads() returns trigger language plpgsql as $$
begin
  if is_owner_of(tg_relid) or old.payload_removed_at is null and new.payload_removed_at is not null
     and new.sealed = substring(old.sealed from 1 for 65) and exists (select from ledger l where l.request_id = old.id) then
    return new;
  end if;
  raise exception 'the payload of a request is removed once, after its outcome';
end $$;
create trigger only_closed_requests_lose_payloads before update of sealed, payload_removed_at, payload_removed_mac on approval_requests
  for each row execute function only_closed_requests_lose_payloads();
create function only_closed_decisions_lose_payloads() returns trigger language plpgsql as $$
begin
  if is_owner_of(tg_relid) or old.payload_removed_at is null and new.payload_removed_at is not null and new.sealed is null
     and exists (select from ledger l where l.request_id = old.request_id) then
    return new;
  end if;
  raise exception 'the sealed part of a decision is removed once, after the outcome of its request';
end $$;
create trigger only_closed_decisions_lose_payloads before update of sealed, payload_removed_at, mac on decisions
  for each row execute function only_closed_decisions_lose_payloads();

-- Lists are ordered by the time of a request, which its index has without the id: half the bytes, and rows of one instant are sorted when
-- they are read. Each request is in one of the first two, so that what has a payload is found without a cursor. An allowed request, the
-- most frequent one, has no entry in the index by status.
drop index approval_requests_newest;
drop index approval_requests_by_status;
create index approval_requests_with_payload on approval_requests (project_id, created_at) where payload_removed_at is null;
create index approval_requests_emptied on approval_requests (project_id, created_at) where payload_removed_at is not null;
create index approval_requests_unapproved on approval_requests (project_id, status, created_at) where status <> 'approved';
