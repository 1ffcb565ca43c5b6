#!/bin/sh
# Checks everything under compose/ without a Docker engine: promtool on configuration, rules and their unit tests, check.py,
# and the services' own check of their configuration files. What is missing is fetched into .cache; nothing is installed.
#   compose/check.sh                needs python3 with venv, and Debian's apt-get
set -eu
here=$(cd "$(dirname "$0")" && pwd)
top=$(dirname "$here")
cache=${VARDSTROM_CACHE:-$top/.cache}/compose
mkdir -p "$cache"

# Debian's packages are unpacked, not installed: installing would start a Prometheus on this machine.
unpacked() { # package, file in it
    if [ ! -e "$cache/$1/$2" ]; then
        echo "compose: fetching $1" >&2
        rm -rf "$cache/download" && mkdir -p "$cache/download"
        # The lists of packages may be old or missing, for example in a container that was just started.
        (cd "$cache/download" && { apt-get -q download "$1" || { apt-get -q update && apt-get -q download "$1"; }; }) > "$cache/apt.log" 2>&1 \
            || { echo "compose: cannot fetch the Debian package $1, see $cache/apt.log" >&2; exit 1; }
        dpkg-deb -x "$cache/download/$1"_*.deb "$cache/$1"
    fi
    echo "$cache/$1/$2"
}

promtool=$(command -v promtool || unpacked prometheus usr/bin/promtool)
"$promtool" check config "$here/prometheus/prometheus.yml"
(cd "$here/prometheus" && "$promtool" test rules tests.yml)

python=$cache/python/bin/python
if ! "$python" -c 'import yaml, jsonschema' 2> /dev/null; then
    echo "compose: fetching PyYAML and jsonschema"
    python3 -m venv "$cache/python"
    "$python" -m pip install --quiet --disable-pip-version-check PyYAML==6.0.3 jsonschema==4.26.0
fi
# Docker Compose's own description of the format; the program itself needs more than a file.
"$python" "$here/check.py" "$(unpacked docker-compose usr/lib/python3/dist-packages/compose/config/compose_spec.json)"

# Without --package, so that the programs are those of the whole workspace's build and nothing is built again.
key=0000000000000000000000000000000000000000000000000000000000000001
# The connector wants its own folders to be there; in its container they are volumes.
files=$(mktemp -d)
trap 'rm -rf "$files"' EXIT
mkdir -p "$files/14/positions"
sed "s#/var/lib/vardstrom/#$files/#" "$here/config/connector.toml" > "$files/connector.toml"
for service in connector processor sink-store dashboard; do
    VARDSTROM_PARTITION_KEY=$key VARDSTROM_KEY_14=$key VARDSTROM_SEALING_KEY_14=$key DATABASE_URL=postgres://check VARDSTROM_STORE_URL=postgres://check \
        cargo run --quiet --manifest-path "$top/Cargo.toml" --bin "$service" -- check \
        --config "$( [ "$service" = connector ] && echo "$files" || echo "$here/config" )/$service.toml"
done
# It has no check of its own: printing its public key reads the whole configuration.
SINK_REGISTER_SEED=$key DATABASE_URL=postgres://check cargo run --quiet --manifest-path "$top/Cargo.toml" --bin sink-register \
    -- key --config "$here/config/sink-register.toml" > /dev/null
echo "compose: checked"
