-- How the screening of a patch ended, and when: the last one that wants a second approver is the proposal that stands. Whoever may
-- write to the Temporal namespace and not here cannot make a patch count that was refused, nor be the second person. Null for what
-- was screened before: such a patch counts only by the outcome that it has already.
alter table decisions add column screening text check (screening in ('accepted', 'refused', 'second_approver'));
alter table decisions add column screened_at timestamptz;
alter table decisions add constraint only_patches_are_screened check (type = 'patch' or screening is null);
alter table decisions add constraint screened_iff_screening check ((screening is null) = (screened_at is null));
