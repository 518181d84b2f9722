"""Run programs and attacks in the interpreter under test."""

from __future__ import annotations

import json
import os
import subprocess
import textwrap
from pathlib import Path

import pytest

DRIVER = Path(__file__).parent / "driver.py"


def _environment():
    return {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}


@pytest.fixture(scope="session")
def program(python):
    """Return a function that runs a trusted program and returns its output.

    The program may use what api.md promises: it imports restrict.
    """
    def run(source):
        done = subprocess.run(
            [python, "-W", "ignore", "-c", textwrap.dedent(source)],
            capture_output=True, text=True, timeout=600,
            env=_environment(), check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout
    return run


@pytest.fixture(scope="session")
def verdicts(python):
    """Return a function: what each attack got, guarded or not, by name."""
    found = {}

    def run(mode):
        if mode not in found:
            done = subprocess.run(
                [python, "-W", "ignore", DRIVER, mode], capture_output=True,
                text=True, timeout=1200, env=_environment(), check=False)
            assert done.returncode == 0, done.stderr
            rows = [json.loads(line) for line in done.stdout.splitlines()]
            found[mode] = {row["name"]: row for row in rows}
        return found[mode]
    return run
