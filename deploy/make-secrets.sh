#!/bin/sh
# Makes the secrets that docker-compose.yml mounts as files: random, in a folder that only its owner may enter. The files in it are
# readable, because a container's user has another number than you. What is there already is kept.
#   deploy/make-secrets.sh [FOLDER]    ./secrets unless given
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
# Hex, so that it may stand in a URL as it is.
random() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }

keep postgres_password "$(random)"
keep temporal_password "$(random)"
keep owner_password "$(random)"
keep app_password "$(random)"
keep root_key "$(head -c 32 /dev/urandom | base64)"
keep owner_database_url "postgres://letsping_owner:$(cat "$folder/owner_password")@postgres:5432/letsping"
keep app_database_url "postgres://letsping_service:$(cat "$folder/app_password")@postgres:5432/letsping"

echo "$folder is complete. Keep a copy of $folder/root_key where the database's backups are not: without it they cannot be read." >&2
