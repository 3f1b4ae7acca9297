-- The result of a patch's screening, and its time: the newest patch that needs a second approver is the current proposal. An
-- attacker who can write to the Temporal namespace, but not here, can neither make a refused patch count nor be the second person.
-- Null for patches that were screened before this migration: they count only if they already have an outcome.
alter table decisions add column screening text check (screening in ('accepted', 'refused', 'second_approver'));
alter table decisions add column screened_at timestamptz;
alter table decisions add constraint only_patches_are_screened check (type = 'patch' or screening is null);
alter table decisions add constraint screened_iff_screening check ((screening is null) = (screened_at is null));
