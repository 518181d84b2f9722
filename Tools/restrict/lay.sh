#!/bin/sh
# Lay the sparse tree over CPython's source, at build/cpython.
#
#   lay.sh [ARCHIVE]     ARCHIVE: build/Python-VERSION.tar[.xz], already verified
#
# Upstream's files are unpacked; ours (FOLDERS below) are linked in, so an edit
# in the repository is seen by the next make; each X.patch is applied to X, and
# each X.append is added at the end of X (for generated files, which are not
# patched, and where releases differ too much for a patch). Only what changed
# since the last run is touched: a new time stamp on a header means a full
# rebuild.
#
# What was laid is kept beside it, in build/cpython/.lay:
#   archive        name of the archive the tree came from
#   id             another for each new tree: its objects start from nothing
#   links          our files that are linked in
#   pristine/X     upstream's X, for every X that we change
#   applied/X.*    the patch and the addition that made the laid X
#   laid/X         the laid X; when the tree's X differs, somebody edited it
# An edited file is never overwritten: tree.py refresh turns it into a patch.

set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
cd "$top" || exit 1
FOLDERS="Grammar Include Lib Misc Modules Objects Parser Programs Python Tools"
tree=build/cpython
stage=build/.lay.$$
fresh=build/.cpython.$$
trap 'rm -rf "$stage" "$fresh"' EXIT
trap 'exit 130' HUP INT TERM

die() { printf 'lay: error: %s\n' "$*" >&2; exit 1; }
full() { die "cannot write in $top/build: is the disk full or the folder read-only?"; }
same() { cmp -s "$1" "$2"; }

# --- What we have ----------------------------------------------------------

sources() {
    set --
    for folder in $FOLDERS; do [ -d "$folder" ] && set -- "$@" "$folder"; done
    find "$@" -name __pycache__ -prune -o \( -type f -o -type l \) \
        ! -name '.*' ! -name '*~' ! -name '*.py[co]' ! -name '*.orig' ! -name '*.rej' -print
}

changes() {
    find . -maxdepth 1 -type f \( -name '*.patch' -o -name '*.append' \) | sed 's,^\./,,'
    grep -E '\.(patch|append)$' "$stage/sources"
}

# --- Patched files ---------------------------------------------------------

# needs_laying X: is the laid X missing, or made by other changes than today's?
needs_laying() {
    [ -f "$into/$1" ] || return 0
    for kind in patch append; do
        if [ -f "$1.$kind" ]; then
            same "$1.$kind" "$state/applied/$1.$kind" || return 0
        elif [ -f "$state/applied/$1.$kind" ]; then
            return 0
        fi
    done
    return 1
}

# Upstream's text of every file in $stage/todo, from the archive in one go.
fetch_pristine() {
    while read -r file; do
        [ -f "$state/pristine/$file" ] || printf '%s/%s\n' "$root" "$file"
    done <"$stage/todo" >"$stage/wanted"
    [ -s "$stage/wanted" ] || return 0
    [ -f "$archive" ] || die "$archive is gone; run ./configure again"
    mkdir -p "$state/pristine" || full
    tar -xf "$archive" -C "$state/pristine" --strip-components=1 \
        -T "$stage/wanted" 2>"$stage/tar.err" && return
    sed -n "s,^tar: $root/\(.*\): Not found.*,\1,p" "$stage/tar.err" >"$stage/strange"
    [ -s "$stage/strange" ] || die "$(head -n 1 "$stage/tar.err")"
    die "CPython has no such file to patch: $(tr '\n' ' ' <"$stage/strange")"
}

# make_result X: what the laid X should hold now, in $stage/result/X.
make_result() {
    mkdir -p "$(dirname "$stage/result/$1")" || full
    if [ -f "$1.patch" ]; then
        patch -s -F0 -N --no-backup-if-mismatch -r - -o "$stage/result/$1" \
            "$state/pristine/$1" "$1.patch" >"$stage/patch.log" 2>&1 || {
            cat "$stage/patch.log" >&2
            die "$1.patch does not apply to ${root#Python-} without fuzz"
        }
    else
        cp "$state/pristine/$1" "$stage/result/$1" || full
    fi
    [ ! -f "$1.append" ] || cat "$1.append" >>"$stage/result/$1" || full
}

# The tree's X may be replaced when it is as we laid it, as upstream has it, or
# already what we want (the patch was just made from it).
check_unedited() {
    [ ! -f "$into/$1" ] || same "$into/$1" "$stage/result/$1" ||
        same "$into/$1" "$state/laid/$1" ||
        { [ ! -f "$state/laid/$1" ] && same "$into/$1" "$state/pristine/$1"; } ||
        die "$tree/$1 was edited and its patch has changed too; 'make patches' keeps the edit, removing the file drops it"
}

# Written in this order so that an interrupted run is simply repeated.
put_result() {
    mkdir -p "$(dirname "$state/laid/$1")" "$(dirname "$state/applied/$1")" || full
    if ! same "$into/$1" "$stage/result/$1"; then
        cp -p "$state/pristine/$1" "$into/$1.lay" && cat "$stage/result/$1" >"$into/$1.lay" &&
            mv -f "$into/$1.lay" "$into/$1" || full
    fi
    cp "$stage/result/$1" "$state/laid/$1" || full
    for kind in patch append; do
        if [ -f "$1.$kind" ]; then
            cp "$1.$kind" "$state/applied/$1.$kind" || full
        else
            rm -f "$state/applied/$1.$kind"
        fi
    done
    [ -f "$1.patch" ] || [ -f "$1.append" ] ||
        rm -f "$state/laid/$1" "$state/pristine/$1"
}

lay_changes() {
    changes | sed -E 's/\.(patch|append)$//' >"$stage/targets"
    [ ! -d "$state/applied" ] ||
        (cd "$state/applied" && find . -type f | sed -E 's,^\./,,; s/\.(patch|append)$//') >>"$stage/targets"
    sort -u "$stage/targets" | while read -r file; do
        needs_laying "$file" && printf '%s\n' "$file"
    done >"$stage/todo"
    [ -s "$stage/todo" ] || return 0
    fetch_pristine
    while read -r file; do make_result "$file"; check_unedited "$file"; done <"$stage/todo"
    while read -r file; do put_result "$file"; done <"$stage/todo"
}

# --- Our own files ---------------------------------------------------------

lay_links() {
    grep -vE '\.(patch|append)$' "$stage/sources" | sort >"$stage/links"
    while read -r file; do
        [ -L "$into/$file" ] && continue
        [ ! -e "$into/$file" ] ||
            die "$file: CPython has a file of this name, or the link at $tree/$file was replaced by a file"
        folder=$(dirname "$file")
        up=$(printf '%s' "$folder/" | sed 's,[^/]*/,../,g')
        mkdir -p "$into/$folder" && ln -s "../../$up$file" "$into/$file" || full
    done <"$stage/links"
    [ ! -f "$state/links" ] || comm -13 "$stage/links" "$state/links" |
        while read -r file; do [ ! -L "$into/$file" ] || rm -f "$into/$file"; done
    same "$stage/links" "$state/links" || cp "$stage/links" "$state/links" || full
}

# lay_into FOLDER: bring the tree in FOLDER up to date with the repository.
lay_into() {
    into=$1 state=$1/.lay
    archive=build/$(cat "$state/archive")
    root=$(basename "$archive" .xz)
    root=$(basename "$root" .tar)
    sources >"$stage/sources"
    lay_changes
    lay_links
}

# --- A new tree ------------------------------------------------------------

# Unpacked and laid under another name, then renamed: never half a tree.
lay_fresh() {
    if [ -d "$tree/.lay/laid" ]; then
        (cd "$tree/.lay/laid" && find . -type f | sed 's,^\./,,') | while read -r file; do
            same "$tree/$file" "$tree/.lay/laid/$file" ||
                die "$tree/$file has an edit that is in no patch; 'make patches' keeps it, removing $tree drops it"
        done || exit 1
    fi
    mkdir -p "$fresh/.lay" || full
    tar -xf "$1" -C "$fresh" --strip-components=1 --no-same-owner 2>"$stage/tar.err" ||
        die "cannot unpack $1: $(head -n 1 "$stage/tar.err")"
    basename "$1" >"$fresh/.lay/archive" || full
    date +%s.$$ >"$fresh/.lay/id" || full
    lay_into "$fresh"
    rm -rf "$tree" && mv "$fresh" "$tree" || full
}

mkdir -p "$stage" 2>/dev/null || full
if [ -n "${1:-}" ] && [ "$(cat "$tree/.lay/archive" 2>/dev/null)" != "$(basename "$1")" ]; then
    lay_fresh "$1"
elif [ -d "$tree/.lay" ]; then
    lay_into "$tree"
else
    die "there is no $tree yet; run ./configure first"
fi
