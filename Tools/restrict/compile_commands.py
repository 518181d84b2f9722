#!/usr/bin/env python3
"""Print compile_commands.json for a built flavour.

    compile_commands.py build/FLAVOUR

make is asked, without running anything (-n), what it would do if every source
file were new (-W).  That leaves the makefiles themselves alone, which -B would
not.
"""

import json
import shlex
import subprocess
import sys
from pathlib import Path


def sources(build):
    """The C file of each object, as the compiler wrote it down."""
    for rule in build.rglob("*.d"):
        words = rule.read_text().replace("\\\n", " ").split()
        yield words[1]


def commands(build):
    what_if = [word for name in sources(build) for word in ("-W", name)]
    done = subprocess.run(["make", "-n", *what_if, "all"], cwd=build,
                          capture_output=True, text=True, check=True)
    for line in done.stdout.replace("\\\n", " ").splitlines():
        if " -c " not in line:
            continue
        words = shlex.split(line)
        for word in words:
            if word.endswith(".c"):
                yield {"directory": str(build), "file": word,
                       "arguments": words}


if __name__ == "__main__":
    json.dump(list(commands(Path(sys.argv[1]).absolute())), sys.stdout,
              indent=1)
