"""A restricted interpreter with grants, in a process of its own."""

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

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


def _config(python, *names):
    code = ("import json, sysconfig; print(json.dumps("
            f"[sysconfig.get_config_var(n) or '' for n in {names!r}]))")
    return json.loads(subprocess.run(
        [python, "-c", code], capture_output=True, text=True,
        check=True).stdout)


@pytest.fixture(scope="session")
def guest_program(python, build_dir, top, tmp_path_factory):
    """tests/files/guest.c, linked with the interpreter under test."""
    source = build_dir.parent / "cpython"
    program = tmp_path_factory.mktemp("guest") / "guest"
    library, cc, *libs = _config(
        python, "LDLIBRARY", "CC", "LIBS", "SYSLIBS", "MODLIBS",
        "LINKFORSHARED")
    flags = " ".join(_config(python, "PY_LDFLAGS_NODIST", "CONFIG_ARGS"))
    sanitize = []
    if "sanitizer" in flags:
        sanitize = ["-fsanitize=address,undefined"]
    subprocess.run(
        [*cc.split(), "-g", "-o", program, HERE / "guest.c", *sanitize,
         f"-I{build_dir}", f"-I{source / 'Include'}",
         build_dir / library, *" ".join(libs).split(), "-lm"],
        check=True, cwd=build_dir)
    return program


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
