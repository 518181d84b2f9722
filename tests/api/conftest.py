"""Programs that host guests, each run by the built interpreter in a process
of its own."""

import re
import subprocess
import textwrap

import pytest

PRELUDE = """\
from textwrap import dedent
import restrict
from restrict import GuestError, Interpreter, LimitExceeded, Policy

def raises(kind, function, *args, **kwargs):
    try:
        result = function(*args, **kwargs)
    except kind as exc:
        return exc
    raise AssertionError(f"returned {result!r}")

"""


# What the address sanitizer says of a run on a stack of its own.
CONTEXTS = re.compile(r"==\d+==WARNING: ASan doesn't fully support "
                      r"makecontext/swapcontext functions.*\n")


@pytest.fixture(scope="session")
def host(python):
    """Run a program that must end well; return what it printed."""

    def run(source, *args, check=True, timeout=300):
        done = subprocess.run(
            [python, "-X", "faulthandler", "-c",
             PRELUDE + textwrap.dedent(source), *args],
            text=True, capture_output=True, timeout=timeout)
        if check:
            assert done.returncode == 0, done.stderr
            assert not CONTEXTS.sub("", done.stderr)
            return done.stdout
        return done

    return run


@pytest.fixture(scope="session")
def command(python, tmp_path_factory):
    """Run `python -m restrict ...` and return what came of it."""

    def run(*args, stdin="", cwd=None, env=None):
        done = subprocess.run(
            [python, "-m", "restrict", *args], input=stdin, text=True,
            capture_output=True, timeout=300, env=env,
            cwd=cwd or tmp_path_factory.mktemp("command"))
        done.stderr = CONTEXTS.sub("", done.stderr)
        return done

    return run
