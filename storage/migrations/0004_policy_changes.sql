-- The loosenings of each policy version against the version before, and their reason. A version that loosens needs a reason, unless
-- it is the project's first. In clear, like the policy itself.
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
