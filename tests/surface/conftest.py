"""Guests, and a C program that calls what they can call."""

import json
import os
import subprocess
from pathlib import Path

import pytest
from programs import link_program, sanitizers

HERE = Path(__file__).parent

# Run standard input in a guest; say what came of it, as JSON.
GUEST = """
import json, restrict, sys
options = json.loads(sys.argv[1])
try:
    result = restrict.run(sys.stdin.read(), restrict.Policy(**options))
    outcome = ["value", result.value]
except restrict.GuestError as error:
    result = error.result
    outcome = ["error", error.type_name, error.message, error.traceback]
except restrict.LimitExceeded as error:
    result = error.result
    outcome = ["limit", error.limit]
print(json.dumps({"outcome": outcome, "stdout": result.stdout,
                  "stderr": result.stderr,
                  "denials": [[d.capability, d.subject, d.count]
                              for d in result.denials]}))
"""


@pytest.fixture(scope="session")
def guest(python):
    """Run source in a guest in a process of its own; a dict of what it did."""

    def run(source, **options):
        done = subprocess.run(
            [python, "-c", GUEST, json.dumps(options)], input=source,
            text=True, capture_output=True, timeout=600,
            env={**os.environ, "PYTHONUTF8": "1"})
        assert done.returncode == 0, (done.returncode, done.stderr[-4000:])
        return json.loads(done.stdout)

    return run


@pytest.fixture(scope="session")
def tripwire(python, build_dir, top, tmp_path_factory):
    """Run a program under tripwire.c; return its lines and its last label."""
    folder = tmp_path_factory.mktemp("tripwire")
    if sanitizers(python):
        pytest.skip("the sanitizers make system calls of their own")
    link_program(python, build_dir, HERE / "tripwire.c", folder / "tripwire",
                 "-O1")

    def run(program, *options):
        path = folder / "program.py"
        path.write_text(program)
        done = subprocess.run(
            [folder / "tripwire", *options, folder / "state", path],
            text=True, capture_output=True, timeout=900,
            env={**os.environ, "PYTHONHOME": str(build_dir),
                 "PYTHONPATH": str(top / "build" / "cpython" / "Lib")})
        state = (folder / "state").read_bytes()[16:].split(b"\0")[0]
        assert done.returncode == 0, (done.returncode, state, done.stderr)
        return [line.split("\t") for line in done.stdout.splitlines()]

    return run
