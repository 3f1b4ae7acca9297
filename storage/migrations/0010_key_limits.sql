-- What limits a key beside its role. In its MAC where it is not the default, so that the keys of the release before stay valid
-- (crypto/row-mac.ts). expires_at null: no expiry. made_by null: its owner, or the terminal. permissions null: all of the role.
alter table api_keys add column context_trust text not null default 'tighten_only' check (context_trust in ('tighten_only', 'full'));
alter table api_keys add column expires_at timestamptz;
alter table api_keys add column made_by text;
alter table api_keys add column permissions text[];

-- Who made the key that the decision was made with, where another person did: the receipt says so.
alter table decisions add column key_made_by text;
