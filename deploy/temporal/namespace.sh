#!/bin/sh
# Creates the namespace unless it exists. Closed workflows are kept for a week; receipts and the ledger do not need them.
set -eu
for _ in 1 2 3 4 5 6 7 8 9 10; do
  if temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" >/dev/null 2>&1; then exit 0; fi
  if temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention 168h; then exit 0; fi
  sleep 3
done
echo "the namespace $TEMPORAL_NAMESPACE could not be created" >&2
exit 1
