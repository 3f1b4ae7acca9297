#!/bin/sh
# Makes the random secrets that docker-compose.yml mounts as files, in a folder that only its owner may enter. The files themselves are
# readable by all, because the containers run under other user ids. Existing files are kept.
#   deploy/make-secrets.sh [FOLDER]    default: ./secrets
set -eu
folder="${1:-secrets}"
umask 077
mkdir -p "$folder"

keep() {
  if [ -e "$folder/$1" ]; then return; fi
  printf '%s\n' "$2" >"$folder/$1.new"
  chmod 0444 "$folder/$1.new"
  mv "$folder/$1.new" "$folder/$1"
}
# Hex needs no escaping in a URL.
random() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }

keep postgres_password "$(random)"
keep temporal_password "$(random)"
keep owner_password "$(random)"
keep app_password "$(random)"
keep root_key "$(head -c 32 /dev/urandom | base64)"
keep owner_database_url "postgres://letsping_owner:$(cat "$folder/owner_password")@postgres:5432/letsping"
keep app_database_url "postgres://letsping_service:$(cat "$folder/app_password")@postgres:5432/letsping"

echo "$folder is complete. Keep a copy of $folder/root_key apart from the database's backups: they cannot be read without it." >&2
