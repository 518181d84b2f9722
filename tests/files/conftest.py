"""A restricted interpreter with grants, in a process of its own."""

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from programs import link_program

HERE = Path(__file__).parent

# What a test's script starts with: `attempt(f)` is a value or the exception.
PRELUDE = """\
import json, os
results = {}
def attempt(function, *args, **kwargs):
    try:
        return function(*args, **kwargs)
    except Exception as exc:
        return exc
def verdict(function, *args, **kwargs):
    result = attempt(function, *args, **kwargs)
    if isinstance(result, Exception):
        return type(result).__name__
    return "ok"
"""


@dataclass
class Outcome:
    """How a guest's process ended."""

    returncode: int
    stdout: str
    stderr: str
    denials: list[list[str]]   # capability, subject, grant

    @property
    def results(self):
        """What the script printed last, as JSON."""
        assert self.returncode == 0, self.stdout + self.stderr
        return json.loads(self.stdout.splitlines()[-1])


@pytest.fixture(scope="session")
def guest_program(python, build_dir, tmp_path_factory):
    """tests/files/guest.c, linked with the interpreter under test."""
    return link_program(python, build_dir, HERE / "guest.c",
                        tmp_path_factory.mktemp("guest") / "guest")


@pytest.fixture
def guest(guest_program, top, tmp_path):
    """Run a script in a restricted interpreter: guest(script, *options)."""
    def run(script, *options, timeout=120, prelude=PRELUDE):
        path = tmp_path / "guest-script.py"
        path.write_text(prelude + script)
        environ = dict(
            os.environ, PYTHONPATH=str(top / "build" / "cpython" / "Lib"),
            ASAN_OPTIONS="detect_leaks=0:allocator_may_return_null=1")
        words = [str(option) for option in options]
        with open(tmp_path / "denials", "wb+") as denials:
            done = subprocess.run(
                ["sh", "-c", 'exec 3>"$0"; exec "$@"', denials.name,
                 guest_program, *words, path],
                capture_output=True, text=True, timeout=timeout, env=environ,
                errors="replace")
            denials.seek(0)
            lines = denials.read().decode().splitlines()
        return Outcome(done.returncode, done.stdout, done.stderr,
                       [line.split("\t") for line in lines])
    return run


@pytest.fixture
def tree(tmp_path):
    """Folders to grant and a secret outside of them."""
    top = tmp_path / "tree"
    for name in ("data", "data/sub", "out", "both", "outside"):
        (top / name).mkdir(parents=True)
    (top / "data/a.txt").write_text("alpha")
    (top / "data/sub/b.txt").write_text("beta")
    (top / "outside/secret").write_text("secret")
    return top


@pytest.fixture(params=["openat2", "walk"])
def how(request):
    """Both ways to stay beneath a grant."""
    return ["--walk"] if request.param == "walk" else []
