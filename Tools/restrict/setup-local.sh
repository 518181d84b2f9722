#!/bin/sh
# Write Modules/Setup.local of a flavour: the modules to link statically.
#
#   setup-local.sh FLAVOUR-FOLDER yes|no      yes: a restricted flavour
#
# CPython's makefile runs makesetup again when the file changes, and only then.

set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
target=$1/Modules/Setup.local
trap 'rm -f "$target.new"' EXIT

restricted_setup() {
    echo "# Written from Modules/Setup.restrict; edit that file instead."
    echo "*static*"
    sed 's/[ \t]*#.*//; /^[ \t]*$/d' "$top/Modules/Setup.restrict" |
        while read -r name source rest; do
            if [ -z "$source" ]; then
                awk -v name="$name" '$1 == name' "$1/Modules/Setup.stdlib"
            elif [ -f "$top/Modules/$source" ]; then
                echo "$name $source $rest"
            fi
        done
}

if [ "$2" = yes ]; then
    restricted_setup "$1"
else
    echo "# Nothing here: this flavour is built as CPython is."
fi >"$target.new" || exit 1
cmp -s "$target.new" "$target" || mv -f "$target.new" "$target"
