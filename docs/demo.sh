#!/usr/bin/env bash
# A tour of the commands: each is printed, then run. `make demo` puts `connc` on the PATH.
set -euo pipefail
cd "$(dirname "$0")/.."

step() {
    printf '\n\033[1m$ %s\033[0m\n' "$*"
    "$@"
}

step connc check std.sparsenet
step connc fmt --check examples/*.conn
step connc explain E101
