#!/bin/sh
# Build the upstream reference: CPython as it is, of the release that is laid
# and with the user's other options, in build/upstream.
#
#   upstream.sh [OPTION...]         what our configure was given
#
# Tests and benchmarks compare with it.  Built once for each release.

set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
cd "$top/build"
archive=$(cat cpython/.lay/archive)
[ "$(cat upstream/.built 2>/dev/null)" = "$archive" ] && exit 0

# What only our own configure understands.
for option; do
    shift
    case $option in
    --with-restricted | --without-restricted | --with-cpython=* | \
    --cache-dir=* | --with-flavour=* | --install-deps | --no-makefile) ;;
    *) set -- "$@" "$option" ;;
    esac
done

echo "make: building the upstream reference of $archive in build/upstream" >&2
rm -rf upstream
mkdir -p upstream
tar -xf "$archive" -C upstream --strip-components=1
cd upstream
./configure "$@" >configure.log 2>&1 && make -j"$(nproc)" >make.log 2>&1 || {
    echo "make: the upstream reference cannot be built; build/upstream/*.log has the reasons" >&2
    exit 1
}
echo "$archive" >.built
