#!/bin/sh
# Find the source archive of an accepted CPython release.
#
#   fetch.sh GIVEN CACHE OUT [VERSION]
#
# GIVEN  a file or folder named by the user, or empty: then each release of
#        UPSTREAM, newest first, is looked for in CACHE, at its address and in
#        the distribution's source package (VERSION narrows this to one).
# OUT    a folder, by its full path (apt wants that); the archive found is put
#        there as Python-VERSION.tar.xz (.tar when GIVEN is an unpacked tree).
#
# Prints "VERSION PATH" on standard output and each try on standard error.
# Nothing is unpacked here, and nothing reaches OUT before its sha256 has been
# compared with UPSTREAM.

set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
given=$1 cache=$2 out=$3 only=${4:-}
scratch=$out/.fetch.$$
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' HUP INT TERM

say() { printf '  %s\n' "$*" >&2; }
die() { printf 'configure: error: %s\n' "$*" >&2; exit 1; }

# --- What is accepted ------------------------------------------------------

releases() { awk '$1 ~ /^[0-9]/ { print $1 }' "$top/UPSTREAM"; }
setting() { awk -v key="$1" '$1 == key { print $2; exit }' "$top/UPSTREAM"; }
sum_of() { awk -v v="$1" '$1 == v { print $2; exit }' "$top/UPSTREAM"; }
release_of() { awk -v s="$1" '$2 == s { print $1; exit }' "$top/UPSTREAM"; }
sha256() { sha256sum <"$1" | cut -d ' ' -f 1; }

# deliver VERSION FILE: copy FILE to its name in OUT, whole or not at all.
deliver() {
    name=Python-$1.${2##*.}
    [ "${2##*.}" = tar ] || name=Python-$1.tar.xz
    cp "$2" "$scratch/deliver" 2>/dev/null && mv -f "$scratch/deliver" "$out/$name" ||
        die "cannot write $out/$name: is the disk full or the folder read-only?"
    printf '%s %s\n' "$1" "$out/$name"
}

# accept VERSION FILE WHERE: deliver FILE when its hash is VERSION's.
accept() {
    [ "$(sha256 "$2")" = "$(sum_of "$1")" ] || {
        say "$3: not the release file (sha256 differs)"
        return 1
    }
    say "$3: found, sha256 verified"
    deliver "$1" "$2"
}

# --- Given by the user -----------------------------------------------------

given_file() {
    sum=$(sha256 "$1") || die "cannot read $1"
    version=$(release_of "$sum")
    [ -n "$version" ] ||
        die "$1: unknown or corrupt archive, sha256 $sum is not in UPSTREAM ($(releases | tr '\n' ' ')are accepted)"
    say "$1: CPython $version, sha256 verified"
    deliver "$version" "$1"
}

# An unpacked tree has no hash of its own: it is taken on the user's word.
given_tree() {
    version=$(sed -n 's/^#define PY_VERSION  *"\(.*\)"/\1/p' "$1/Include/patchlevel.h")
    [ -n "$(sum_of "$version")" ] ||
        die "$1: CPython ${version:-of unknown version} is not in UPSTREAM ($(releases | tr '\n' ' ')are accepted)"
    [ ! -e "$1/Makefile" ] ||
        die "$1: has been built in; give a clean source tree or the release archive"
    say "$1: CPython $version, an unpacked tree, not verified"
    tar -cf "$scratch/tree.tar" --exclude=./.git --exclude=__pycache__ \
        --transform="s,^\./,Python-$version/,S" -C "$1" . 2>/dev/null ||
        die "cannot write $scratch: is the disk full or the folder read-only?"
    deliver "$version" "$scratch/tree.tar"
}

find_given() {
    if [ -f "$given" ]; then
        given_file "$given"
    elif [ -f "$given/Include/patchlevel.h" ]; then
        given_tree "$given"
    elif [ -d "$given" ]; then
        for version in $(releases); do
            file=$given/Python-$version.tar.xz
            [ -f "$file" ] && accept "$version" "$file" "$file" && return
        done
        die "$given: holds neither a CPython tree nor an accepted Python-VERSION.tar.xz"
    else
        die "--with-cpython=$given: no such file or folder"
    fi
}

# --- The cache and the release's own address -------------------------------

from_cache() {
    file=$cache/Python-$1.tar.xz
    [ -f "$file" ] || { say "cache $cache: no Python-$1.tar.xz"; return 1; }
    accept "$1" "$file" "cache $file"
}

# keep VERSION FILE: leave a verified copy for the next time; a cache that
# cannot be written is no reason to fail.
keep() {
    mkdir -p "$cache" 2>/dev/null &&
        cp "$2" "$cache/.Python-$1.$$" 2>/dev/null &&
        mv -f "$cache/.Python-$1.$$" "$cache/Python-$1.tar.xz" 2>/dev/null || {
        rm -f "$cache/.Python-$1.$$" 2>/dev/null
        say "cache $cache: cannot be written, going on without"
    }
}

from_url() {
    url=$(setting url | sed "s/@VERSION@/$1/g")
    if command -v curl >/dev/null 2>&1; then
        curl -fsSL --connect-timeout 5 --max-time 900 -o "$scratch/url.tar.xz" "$url" \
            2>"$scratch/url.err"
    elif command -v wget >/dev/null 2>&1; then
        wget -q -t 1 --connect-timeout=5 --read-timeout=60 \
            -O "$scratch/url.tar.xz" "$url" 2>"$scratch/url.err"
    else
        say "$url: not tried, neither curl nor wget is installed"
        return 1
    fi || {
        say "$url: $(head -n 1 "$scratch/url.err" | grep . || echo 'cannot be reached')"
        return 1
    }
    accept "$1" "$scratch/url.tar.xz" "$url" && keep "$1" "$scratch/url.tar.xz"
}

# --- The distribution's source package -------------------------------------
# apt runs on state folders of its own, so that neither root nor a change to
# the system is needed. The mirror is the machine's own. An index that is past
# its date will do: what counts is the archive's sha256.

apt_private() {
    tool=$1
    shift
    "$tool" -o Dir::State="$scratch/apt/state" \
        -o Dir::State::status=/var/lib/dpkg/status \
        -o Dir::Cache="$scratch/apt/cache" \
        -o Dir::Etc::SourceList="$scratch/apt/sources.list" \
        -o Dir::Etc::SourceParts=- \
        -o APT::Sandbox::User="$(id -un)" \
        -o Acquire::Check-Valid-Until=false -o Acquire::Languages=none -o Acquire::PDiffs=false \
        -o Acquire::Retries=1 -o Acquire::http::Timeout=20 \
        "$@"
}

# "URI SUITE [KEYRING]" of every binary entry in both of apt's formats.
apt_entries() {
    list='' parts=''
    eval "$(apt-config shell list Dir::Etc::sourcelist/f parts Dir::Etc::sourceparts/d)"
    cat /dev/null "$list" "$parts"/*.list 2>/dev/null |
        awk '$1 == "deb" {
                 key = ""; i = 2
                 if ($i ~ /^\[/) {
                     do if ($i ~ /signed-by=/) { key = $i; gsub(/.*signed-by=|\]/, "", key) }
                     while ($(i++) !~ /\]$/ && i <= NF)
                 }
                 print $i, $(i + 1), key
             }'
    for file in "$parts"/*.sources; do
        [ -f "$file" ] && cat "$file" && echo
    done | awk -v RS= -F '\n' '{
            uri = suite = key = ""; on = 1
            for (i = 1; i <= NF; i++) {
                value = $i; sub(/^[^:]*:[ \t]*/, "", value); split(value, word, " ")
                if ($i ~ /^URIs:/) uri = word[1]
                if ($i ~ /^Suites:/) suite = word[1]
                if ($i ~ /^Signed-By:/ && value ~ /^\//) key = word[1]
                if ($i ~ /^Enabled:[ \t]*no/) on = 0
            }
            if (on && uri != "") print uri, suite, key
        }'
}

# Write the private source list once; returns 1 when this is no apt machine.
apt_sources() {
    [ -s "$scratch/apt/sources.list" ] && return
    mkdir -p "$scratch/apt/state/lists/partial" "$scratch/apt/cache/archives/partial" ||
        return 1
    apt_entries | awk '
        { sub(/\/$/, "", $1) }
        $1 !~ /\/(debian|ubuntu)$/ || $1 ~ /security/ || seen++ { next }
        {
            n = split($1 ~ /ubuntu$/ ? $2 " devel" : "stable testing unstable", suites, " ")
            for (i = 1; i <= n; i++)
                print "deb-src" ($3 ? " [signed-by=" $3 "]" : ""), $1, suites[i], \
                    ($1 ~ /ubuntu$/ ? "main universe" : "main")
        }' >"$scratch/apt/sources.list"
    [ -s "$scratch/apt/sources.list" ]
}

from_distribution() {
    package=$(setting package)
    where="source package $package"
    command -v apt-get >/dev/null 2>&1 || { say "$where: no apt-get here"; return 1; }
    apt_sources || { say "$where: apt's configuration names no mirror of the distribution"; return 1; }
    if [ ! -e "$scratch/apt/updated" ]; then
        say "$where: reading the mirror's index"
        apt_private apt-get update >"$scratch/apt/log" 2>&1
        : >"$scratch/apt/updated"
    fi
    full=$(apt_private apt-cache showsrc "$package" 2>/dev/null |
        awk -v v="$1" '$1 == "Version:" && index($2, v "-") == 1 { print $2; exit }')
    [ -n "$full" ] || { say "$where: no version $1 in the mirror's index"; return 1; }
    (cd "$scratch/apt" &&
        apt_private apt-get source --download-only --only-source "$package=$full" >log 2>&1)
    file=$scratch/apt/${package}_$1.orig.tar.xz
    [ -f "$file" ] || {
        say "$where $full: $(grep '^E:' "$scratch/apt/log" | head -n 1 | grep . || echo 'cannot be downloaded')"
        return 1
    }
    accept "$1" "$file" "$where $full" && keep "$1" "$file"
}

# ---------------------------------------------------------------------------

mkdir -p "$scratch" 2>/dev/null || die "cannot write in $out: is the disk full or the folder read-only?"
if [ -n "$given" ]; then
    find_given
    exit
fi
for version in ${only:-$(releases)}; do
    say "CPython $version"
    from_cache "$version" && exit
    from_url "$version" && exit
    from_distribution "$version" && exit
done
die "no source of CPython (${only:-$(releases | tr '\n' ' ')}) could be had; pass one with --with-cpython=Python-VERSION.tar.xz"
