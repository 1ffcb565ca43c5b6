#!/bin/sh
# Makes compose/.env with fresh keys and passwords; what an existing file has is kept, because new keys would make new pseudonyms,
# and what it lacks is added.
set -eu
cd "$(dirname "$0")"
umask 077
random() { od -An -N32 -tx1 /dev/urandom | tr -d ' \n'; }
[ -e .env ] || echo "# Keys and passwords of this installation. Never commit, never share." > .env
for name in VARDSTROM_PARTITION_KEY VARDSTROM_KEY_14 VARDSTROM_SEALING_KEY_14 DATABASE_OWNER_PASSWORD DATABASE_STORE_PASSWORD \
    DATABASE_READER_PASSWORD DATABASE_REGISTER_PASSWORD SINK_REGISTER_SEED GRAFANA_PASSWORD; do
    if ! grep -q "^$name=" .env; then
        echo "$name=$(random)" >> .env
        echo "added $name to compose/.env"
    fi
done
