#!/usr/bin/env python3
"""Is a build --without-restricted CPython's own code?  List what differs.

    same_code.py UPSTREAM PLAIN

Both are folders in which CPython was built, of the same source with the same
options.  Each object file of PLAIN is disassembled beside UPSTREAM's of the
same name; functions that are not the same, instruction by instruction, are
printed.  Numbers of lines, which go into messages, count as the same.

What is left differs on purpose: repairs of upstream's own mistakes, which a
patch makes in either build.  Needs objdump.
"""

import re
import subprocess
import sys
from pathlib import Path

FOLDERS = ("Objects", "Parser", "Python", "Modules")


def functions(path):
    """Return {name: instructions} of an object file."""
    text = subprocess.run(
        ["objdump", "-dr", "--no-show-raw-insn", "--no-addresses", path],
        capture_output=True, text=True, check=True).stdout
    # A line's number is the second or fifth argument of what complains of it;
    # a label's, or that of a copy of a function, is of no meaning.
    text = re.sub(r"\$0x[0-9a-f]+,%(esi|r8d)", r"LINE,%\1", text)
    text = re.sub(r"\.(LC|constprop\.|isra\.|part\.)\d+", r".\1", text)
    found = {}
    for part in text.split("\n\n")[1:]:
        name, _, body = part.strip().partition("\n")
        found[name.strip("<>:")] = body
    return found


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    upstream, plain = map(Path, sys.argv[1:])
    same = differing = 0
    for folder in FOLDERS:
        for path in sorted((plain / folder).rglob("*.o")):
            name = path.relative_to(plain)
            if not (upstream / name).exists():
                continue
            ours, theirs = functions(path), functions(upstream / name)
            differ = sorted(key for key in ours.keys() | theirs.keys()
                            if ours.get(key) != theirs.get(key))
            same += not differ
            differing += bool(differ)
            if differ:
                print(f"{name}: {' '.join(differ)}")
    print(f"{same} object files are the same, {differing} differ")
    return 0


if __name__ == "__main__":
    sys.exit(main())
