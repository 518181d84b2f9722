#!/usr/bin/env python3
"""The sparse tree and the laid tree: show, refresh, check, upgrade.

The repository holds files of ours and patches to CPython's files; lay.sh puts
both over an unpacked release at build/cpython.  This tool goes the other way:
an edit made in the laid tree becomes a patch again.

    lay              bring build/cpython up to date with the repository
    status           what is laid, and which edits are in no patch yet
    refresh          rewrite the patches from the laid tree
    check            prove that no edit is without its patch, that patches are
                     as refresh would write them on the newest release, and
                     that they apply, without fuzz, to every accepted one
    upgrade VERSION  move the patches to another release of UPSTREAM

Standard library only, and any Python from 3.11 on.
"""

import argparse
import difflib
import os
import re
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

TOP = Path(__file__).absolute().parents[2]
BUILD = TOP / "build"
TREE = BUILD / "cpython"
STATE = TREE / ".lay"
TOOLS = TOP / "Tools" / "restrict"

# What a new patch begins with: free text up to the first "---" line is its
# header, and survives every refresh.
HEADER = """\
Why: (what this change is for, and why it cannot be in a file of our own)
Guards: none

"""

CONFLICT = re.compile(rb"^\+(<{7}|>{7}) ", re.MULTILINE)


class Failure(Exception):
    """A refusal with a message for the user, who needs no traceback."""


def run(*command, ok=(0,), **options):
    """Run a tool; its output is returned, and an odd exit status is fatal."""
    done = subprocess.run(command, capture_output=True, **options)
    if done.returncode not in ok:
        text = (done.stderr or done.stdout).decode(errors="replace").strip()
        raise Failure(text or f"{command[0]} failed")
    return done


# --- Releases ---------------------------------------------------------------

def releases():
    """The accepted releases, newest first."""
    lines = (TOP / "UPSTREAM").read_text().splitlines()
    return [line.split()[0] for line in lines if line[:1].isdigit()]


def laid_archive():
    name = STATE / "archive"
    if not name.exists():
        raise Failure("there is no build/cpython yet; run ./configure first")
    archive = BUILD / name.read_text().strip()
    if not archive.exists():
        raise Failure(f"{archive} is gone; run ./configure again")
    return archive


def version_of(archive):
    return archive.name.removeprefix("Python-").split(".tar")[0]


def fetch(version, cache):
    """The verified archive of a release, looked for as configure does."""
    archive = BUILD / f"Python-{version}.tar.xz"
    if not archive.exists():
        subprocess.run(
            [TOOLS / "fetch.sh", "", cache, BUILD, version],
            check=True, capture_output=True)
    return archive


def members(archive):
    """Yield (path, info, read) for each plain file of a release.

    xz unpacks, so that this works where Python was built without lzma.
    """
    command = ["cat"] if archive.suffix == ".tar" else ["xz", "-dc"]
    with (subprocess.Popen([*command, archive], stdout=subprocess.PIPE) as xz,
          tarfile.open(fileobj=xz.stdout, mode="r|") as tar):
        for info in tar:
            if info.isfile():
                path = info.name.split("/", 1)[1]
                yield path, info, tar.extractfile(info).read


# --- The repository's side --------------------------------------------------

def tracked(suffix):
    """Upstream paths that have a file of ours with this suffix beside them."""
    folders = [p for p in TOP.iterdir() if p.name[0].isupper() and p.is_dir()]
    found = [*TOP.glob(f"*{suffix}")]
    for folder in folders:
        found += folder.rglob(f"*{suffix}")
    return sorted(str(p.relative_to(TOP)).removesuffix(suffix) for p in found)


def header_of(path):
    """The text before the diff in a patch, or a skeleton for a new one."""
    patch = TOP / f"{path}.patch"
    if not patch.exists():
        return HEADER.encode()
    text = patch.read_bytes()
    start = 0 if text.startswith(b"--- ") else text.find(b"\n--- ") + 1
    return text[:start] or HEADER.encode()


def make_patch(path, old, new):
    """The patch text for one file: its header, then a plain unified diff."""
    with tempfile.TemporaryDirectory() as scratch:
        sides = []
        for name, content in (("a", old), ("b", new)):
            sides.append(Path(scratch, name))
            sides[-1].write_bytes(content)
        diff = run("diff", "-U3", "-p", "--label", f"a/{path}",
                   "--label", f"b/{path}", *sides, ok=(0, 1)).stdout
    return header_of(path) + diff


def apply_patch(path, old):
    """Upstream's text with our patch applied; None where it does not fit."""
    with tempfile.TemporaryDirectory() as scratch:
        source, result = Path(scratch, "old"), Path(scratch, "new")
        source.write_bytes(old)
        done = subprocess.run(
            ["patch", "-s", "-F0", "-N", "--no-backup-if-mismatch", "-r", "-",
             "-o", result, source, TOP / f"{path}.patch"],
            capture_output=True)
        return result.read_bytes() if done.returncode == 0 else None


# --- The laid tree's side ---------------------------------------------------

@dataclass
class Edits:
    """How the laid tree differs from the release it was unpacked from."""

    changed: dict = field(default_factory=dict)   # path -> (upstream, laid)
    deleted: list = field(default_factory=list)
    strangers: list = field(default_factory=list)  # neither theirs nor ours


def without_append(path, text):
    append = TOP / f"{path}.append"
    return text.removesuffix(append.read_bytes()) if append.exists() else text


def find_edits():
    edits = Edits()
    known = set()
    for path, info, read in members(laid_archive()):
        known.add(path)
        laid = TREE / path
        if not laid.exists():
            edits.deleted.append(path)
            continue
        stat = laid.stat()
        if stat.st_size == info.size and int(stat.st_mtime) == info.mtime:
            continue
        new, old = without_append(path, laid.read_bytes()), read()
        if new != old:
            edits.changed[path] = (old, new)
    edits.strangers = sorted(strangers(known))
    return edits


def strangers(known):
    """Plain files in the laid tree that came from nowhere."""
    for folder, subfolders, files in os.walk(TREE):
        subfolders[:] = [d for d in subfolders
                         if d not in {".lay", "__pycache__"}]
        for name in files:
            laid = Path(folder, name)
            path = str(laid.relative_to(TREE))
            if path not in known and not laid.is_symlink():
                yield path


def fresh_patches():
    """What the patches should be: {path: text}, from the laid tree."""
    edits = find_edits()
    if edits.deleted:
        raise Failure("deleted in build/cpython, which no patch can say: "
                      + " ".join(edits.deleted))
    return {path: make_patch(path, old, new)
            for path, (old, new) in edits.changed.items()}


def stale_patches(fresh):
    """Patches whose text would change: {path: new text, None to delete}."""
    stale = {path: None for path in tracked(".patch") if path not in fresh}
    for path, text in fresh.items():
        patch = TOP / f"{path}.patch"
        if not patch.exists() or patch.read_bytes() != text:
            stale[path] = text
    return dict(sorted(stale.items()))


# --- Verbs ------------------------------------------------------------------

def lay(args=None):
    done = subprocess.run([TOOLS / "lay.sh"])
    if done.returncode:
        raise Failure("the tree was not laid")


def status(args):
    edits = find_edits()
    stale = stale_patches({path: make_patch(path, old, new)
                           for path, (old, new) in edits.changed.items()})
    links = (STATE / "links").read_text().splitlines()
    print(f"CPython {version_of(laid_archive())}, {len(links)} files of ours, "
          f"{len(tracked('.patch'))} patches")
    for path, text in stale.items():
        print(f"  edited, not in its patch: {path}" if text
              else f"  has a patch but no edit: {path}")
    for path in edits.deleted:
        print(f"  deleted: {path}")
    for path in edits.strangers:
        print(f"  belongs in the repository, or nowhere: {path}")


def refresh(args):
    lay()
    stale = stale_patches(fresh_patches())
    for path, text in stale.items():
        patch = TOP / f"{path}.patch"
        if text is None:
            patch.unlink()
            print(f"deleted {path}.patch")
        else:
            verb = "rewrote" if patch.exists() else "new: fill in its header,"
            patch.parent.mkdir(parents=True, exist_ok=True)
            patch.write_bytes(text)
            print(f"{verb} {path}.patch")
    lay()
    print(f"{len(tracked('.patch'))} patches, {len(stale)} changed")


def check(args):
    lay()
    problems = check_edits() + check_headers()
    newest = releases()[0]
    for version in releases():
        try:
            archive = fetch(version, args.cache_dir)
        except subprocess.CalledProcessError:
            print(f"CPython {version}: not checked, its source cannot be had")
            continue
        found = check_release(archive, exact=version == newest)
        problems += [f"CPython {version}: {text}" for text in found]
        if not found:
            print(f"CPython {version}: {len(tracked('.patch'))} patches apply "
                  "without fuzz")
    if problems:
        raise Failure("\n".join(problems))


def check_edits():
    return [f"build/cpython/{path} has an edit that is in no patch; "
            "run 'make patches'"
            for path, (old, new) in find_edits().changed.items()
            if new != apply_patch(path, old)]


def check_headers():
    problems = []
    for path in tracked(".patch"):
        header = header_of(path).decode()
        if header == HEADER or not re.search(r"^Why: \S", header, re.M):
            problems.append(f"{path}.patch has no 'Why:' in its header")
        if not re.search(r"^Guards: \S", header, re.M):
            problems.append(f"{path}.patch has no 'Guards:' in its header")
        if CONFLICT.search((TOP / f"{path}.patch").read_bytes()):
            problems.append(f"{path}.patch holds a conflict to resolve")
    return problems


def check_release(archive, exact):
    """What stands between our files and one release."""
    patched, appended = set(tracked(".patch")), set(tracked(".append"))
    ours = set((STATE / "links").read_text().splitlines())
    problems, seen = [], set()
    for path, _, read in members(archive):
        seen.add(path)
        if path in ours:
            problems.append(f"{path} is upstream's as well as ours")
        if path in patched:
            problems += check_patch(path, read(), exact)
    return problems + [f"there is no {path} to change"
                       for path in sorted((patched | appended) - seen)]


def check_patch(path, old, exact):
    new = apply_patch(path, old)
    if new is None:
        return [f"{path}.patch does not apply without fuzz"]
    is_text = (TOP / f"{path}.patch").read_text()
    should = make_patch(path, old, new).decode()
    if not exact or is_text == should:
        return []
    diff = difflib.unified_diff(
        is_text.splitlines(), should.splitlines(), f"{path}.patch",
        "as refresh would write it", lineterm="")
    return [f"{path}.patch is not exact\n" + "\n".join(diff)]


def upgrade(args):
    """Merge each patch three ways into the new release, then lay that.

    A conflict is written into the patch with its markers, so that it is laid
    where it can be resolved: edit build/cpython, then 'make patches'.
    """
    if args.version not in releases():
        raise Failure(f"{args.version} is not in UPSTREAM; add its line first")
    lay()
    if stale_patches(fresh_patches()):
        raise Failure("build/cpython has edits; run 'make patches' first")
    old_archive, wanted = laid_archive(), set(tracked(".patch"))
    try:
        new_archive = fetch(args.version, args.cache_dir)
    except subprocess.CalledProcessError as error:
        raise Failure(error.stderr.decode()) from None
    old = {path: read() for path, _, read in members(old_archive)
           if path in wanted}
    new = {path: read() for path, _, read in members(new_archive)
           if path in wanted}
    gone = sorted(wanted - new.keys())
    if gone:
        raise Failure(f"{args.version} has no " + " ".join(gone))
    conflicts = []
    for path in sorted(wanted):
        merged, clean = merge(apply_patch(path, old[path]), old[path],
                              new[path], args.version)
        (TOP / f"{path}.patch").write_bytes(
            make_patch(path, new[path], merged))
        if not clean:
            conflicts.append(path)
    run(TOOLS / "lay.sh", new_archive)
    print(f"CPython {args.version} is laid, {len(wanted)} patches merged")
    for path in conflicts:
        print(f"  conflict to resolve: build/cpython/{path}")


def merge(ours, base, theirs, version):
    """A three-way merge: (text, whether it is free of conflicts)."""
    with tempfile.TemporaryDirectory() as scratch:
        names = [Path(scratch, name) for name in ("ours", "base", "theirs")]
        for name, text in zip(names, (ours, base, theirs), strict=True):
            name.write_bytes(text)
        done = subprocess.run(
            ["git", "merge-file", "-p", "-L", "restricted", "-L", "base",
             "-L", version, *names], capture_output=True)
        if done.returncode >= 128:
            raise Failure(done.stderr.decode())
        return done.stdout, done.returncode == 0


def default_cache():
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home, "restricted-cpython")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache-dir", default=default_cache(),
                        help="where release archives are kept")
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    for verb in (lay, status, refresh, check, upgrade):
        sub = verbs.add_parser(verb.__name__)
        sub.set_defaults(verb=verb)
        if verb is upgrade:
            sub.add_argument("version", metavar="VERSION")
    args = parser.parse_args()
    try:
        args.verb(args)
    except Failure as error:
        sys.exit(f"tree.py: {error}")


if __name__ == "__main__":
    main()
