#!/usr/bin/env bash
# A tour of the commands: each is printed, then run. `make demo` puts `connc` on the PATH.
set -euo pipefail
cd "$(dirname "$0")/.."

bold='' plain='' cyan=''
if [ -t 1 ] && [ -z "${NO_COLOR+set}" ]; then
    bold=$'\033[1m' plain=$'\033[0m' cyan=$'\033[36m'
fi

say() { printf '\n%s# %s%s\n' "$cyan" "$*" "$plain"; }

# Print a command as one would type it, and run it.
step() {
    local word shown=''
    for word in "$@"; do
        case $word in *[\ \>]*) word="'$word'" ;; esac
        shown+=" $word"
    done
    printf '%s$%s%s\n' "$bold" "$shown" "$plain"
    "$@"
}

# A step that has to find mistakes.
mistaken() {
    local status=0
    step "$@" || status=$?
    [ "$status" -eq 1 ] || { echo "demo: expected mistakes, got exit status $status" >&2; exit 1; }
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

say "A spec says which parts there are and which rule connects them. Here is a stage of a ResNet:"
step connc show examples/resnet.conn:stage

say "A whole net is checked without running anything:"
step connc check examples/unet.conn

say "Parameters can be set from outside, rules and modules too:"
step connc check std.sparsenet --set growth=24 --set 'reach=i -> i + s for s in [1, 2]'

say "A net put together is text, every layer on its line. Here is SparseNet with one block of two layers:"
step connc expand std.sparsenet --set 'blocks=[2]'

say "What it costs is known without running it. This is DenseNet-121, to the last parameter:"
step connc analyze std.densenet --format json

say "It runs in PyTorch. Here is a net of sparse layers, each stored as its connections:"
step connc run std.predefined:morse --batch 64

say "Specs are kept in one format (nothing is printed where nothing is to be done):"
step connc fmt --check examples stdlib

say "Two slips in a copy: a name, and a width that is not whole."
sed -e 's/inner -> upsample/iner -> upsample/' -e 's/twice(8 \* width)/twice(width \/ 3)/' examples/unet.conn > "$work/unet.conn"
cd "$work"
mistaken connc check unet.conn
cd - > /dev/null

say "Every message has a code, and every code an explanation:"
step connc explain E407
