-- Runs once, on an empty data folder, as the superuser: creates an owner and a database for letsping and for Temporal. Neither owner
-- is a superuser. letsping_owner may create roles, because `letsping migrate` creates the login of api and worker.
\set owner_password `cat /run/secrets/owner_password`
\set temporal_password `cat /run/secrets/temporal_password`
create role letsping_owner login createrole password :'owner_password';
create database letsping owner letsping_owner;
create role temporal login password :'temporal_password';
create database temporal owner temporal;
create database temporal_visibility owner temporal;
-- `letsping migrate` grants the right to connect to the login of api and worker. No other login can send notices, or hear them.
revoke connect, temporary on database letsping, temporal, temporal_visibility from public;
