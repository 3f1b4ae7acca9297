-- What each version of a policy lets pass that the one before did not, and why: a version that loosens has a reason, unless it
-- is a project's first. In clear, as the policy itself is.
alter table policies add column reason text;
alter table policies add column loosenings text[] not null default '{}';
alter table policies add constraint loosened_for_a_reason
  check (version = 1 or cardinality(loosenings) = 0 or reason is not null);

create function policies_are_append_only() returns trigger language plpgsql as $$
begin
  raise exception 'versions of a policy are append-only';
end $$;
create trigger policies_are_append_only before update or delete on policies
  for each row execute function policies_are_append_only();
