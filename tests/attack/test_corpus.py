"""Guests that try to crash the host.

A case is right when the process goes on and the guest ends in one of the ways
that an embedder knows.  Most of these crash an unrestricted interpreter of
the same release, which is why they are not run in one here.
"""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent
# An assertion of a case is that it read nothing but its own.
ENDS = re.compile(
    r"ok|GuestError (?!AssertionError)[ -~]+|LimitExceeded \w+")


def expand(line, source):
    """Yield the cases of a line: "name", or "name_@: a b" for one with each of
    the words in place of @."""
    name, _, words = line.partition(": ")
    for word in words.split() or ["@"]:
        yield name.replace("@", word), source.replace("@", word) \
            if words else source


def read_cases():
    """Return {file: {name: source}}; cases stand behind lines "#: name", and
    each begins with what stands before the first of them."""
    corpus = {}
    for path in sorted((HERE / "corpus").glob("*.py")):
        common, *parts = re.split(r"^#: (.*)\n", path.read_text(), flags=re.M)
        corpus[path.stem] = dict(
            case for line, source in zip(parts[::2], parts[1::2], strict=True)
            for case in expand(line, common + source))
    return corpus


CORPUS = read_cases()


class Runner:
    """Runs the cases of a file when the first of them is asked for."""

    def __init__(self, python, flavour, folder):
        self.python, self.folder, self.ends = python, folder, {}
        self.environ = {
            **os.environ,
            "ASAN_OPTIONS": "detect_leaks=0:allocator_may_return_null=1"}
        if flavour == "asan":
            self.environ["PYTHONMALLOC"] = "malloc"

    def run_from(self, path, first):
        """Return (exit status, {number: end}, stderr)."""
        done = subprocess.run(
            [self.python, HERE / "driver.py", path, str(first)],
            capture_output=True, text=True, errors="replace",
            env=self.environ, timeout=900)
        ends = dict(map(json.loads, done.stdout.splitlines()))
        return done.returncode, ends, done.stderr

    def end_of(self, group, name):
        if group not in self.ends:
            self.ends[group] = self.run_all(group)
        return self.ends[group][name]

    def run_all(self, group):
        names = list(CORPUS[group])
        path = self.folder / f"{group}.json"
        path.write_text(json.dumps(list(CORPUS[group].values())))
        ends, first = {}, 0
        while first < len(names):
            status, some, stderr = self.run_from(path, first)
            ends |= some
            first = max(some, default=first) + 1
            if status:
                ends[first - 1] = f"died: {status}\n{stderr[-3000:]}"
        return {name: ends[i] for i, name in enumerate(names)}


@pytest.fixture(scope="module")
def runner(python, pytestconfig, tmp_path_factory):
    return Runner(python, pytestconfig.getoption("flavour"),
                  tmp_path_factory.mktemp("corpus"))


@pytest.mark.parametrize(
    ("group", "name"),
    [(group, name) for group in CORPUS for name in CORPUS[group]])
def test_case(runner, group, name):
    end = runner.end_of(group, name)
    assert ENDS.fullmatch(end), end
