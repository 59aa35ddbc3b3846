#!/usr/bin/env bash
# The short form of the comparison with hyper, node, h11 and nginx: always the same streams, some ten seconds without building.
# Installs what is missing: nginx and node by apt (as root), h11 into a folder of its own. What is there is used as it is.
set -euo pipefail
cd "$(dirname "$0")"

root=$(cd ../.. && pwd)
# Where Debian has nginx, also for those who are not root.
export PATH=$PATH:/usr/sbin
# Out of the way of the main workspace's builds, and kept with them.
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$root/target/differential}

# Debian starts a service that it installs, unless this file says no. There may be one already.
forbid_services() {
    policy=/usr/sbin/policy-rc.d
    if [ ! -e "$policy" ]; then
        printf '#!/bin/sh\nexit 101\n' >"$policy"
        chmod +x "$policy"
        trap 'rm -f "$policy"' EXIT
    fi
}

missing=()
command -v nginx >/dev/null || missing+=(nginx-light)
command -v node >/dev/null || missing+=(nodejs)
command -v python3 >/dev/null || missing+=(python3 python3-venv)

if [ ${#missing[@]} -gt 0 ]; then
    if [ "$(id -u)" != 0 ]; then
        echo "install ${missing[*]} first" >&2
        exit 2
    fi
    forbid_services
    apt-get update
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}"
fi

if ! "${PYTHON:-python3}" -c 'import h11' 2>/dev/null; then
    venv=$CARGO_TARGET_DIR/venv
    if [ ! -x "$venv/bin/python3" ]; then
        # Debian has the module in a package of its own, without which this makes half an environment.
        if ! python3 -m venv "$venv" 2>/dev/null; then
            rm -rf "$venv"
            if [ "$(id -u)" != 0 ]; then
                echo "install python3-venv first" >&2
                exit 2
            fi
            forbid_services
            apt-get update
            DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends python3-venv
            python3 -m venv "$venv"
        fi
    fi
    "$venv/bin/pip" install --quiet 'h11==0.16.0'
    export PYTHON=$venv/bin/python3
fi

cargo fmt --check
cargo clippy --locked --all-targets -- -D warnings
cargo test --locked
cargo run --locked -- --seed 1 --streams 1500
