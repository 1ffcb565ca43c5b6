#!/bin/sh
# Makes compose/.env with fresh keys and passwords; an existing file is kept, because new keys would make new pseudonyms.
set -eu
cd "$(dirname "$0")"
if [ -e .env ]; then
    echo "compose/.env exists and is kept; delete it only if every pseudonym may change" >&2
    exit 1
fi
umask 077
random() { od -An -N32 -tx1 /dev/urandom | tr -d ' \n'; }
{
    echo "# Keys and passwords of this installation. Never commit, never share."
    echo "VARDSTROM_PARTITION_KEY=$(random)"
    echo "VARDSTROM_KEY_14=$(random)"
    echo "DATABASE_OWNER_PASSWORD=$(random)"
    echo "DATABASE_STORE_PASSWORD=$(random)"
    echo "DATABASE_READER_PASSWORD=$(random)"
    echo "DATABASE_REGISTER_PASSWORD=$(random)"
    echo "SINK_REGISTER_SEED=$(random)"
    echo "GRAFANA_PASSWORD=$(random)"
} > .env
echo "wrote compose/.env"
