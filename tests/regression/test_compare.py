"""`make test-cpython` notices what it is there to notice.

This build takes both parts; in one of them some methods of a module of
CPython's suite are spoilt.
"""

import json
import subprocess
import sys

import pytest

pytestmark = pytest.mark.timeout(900)

# Imported by every interpreter that the suite starts.
SPOIL = """
import unittest
from test.test_bool import BoolTest as T
T.test_repr = lambda self: self.fail()
T.test_str = unittest.skip("spoilt")(T.test_str)
def subtests(self):
    with self.subTest(1):
        self.fail()
T.test_float = subtests
del T.test_int
"""


@pytest.fixture
def spoilt(python, tmp_path):
    """An interpreter for which methods of test_bool do not pass."""
    (tmp_path / "sitecustomize.py").write_text(SPOIL)
    script = tmp_path / "python"
    script.write_text(
        f'#!/bin/sh\nPYTHONPATH={tmp_path} exec {python} "$@"\n')
    script.chmod(0o755)
    return script


@pytest.fixture
def compare(top, tmp_path):
    """Compare two interpreters; return the status, the outcome, the text."""
    def compare(upstream, here, *options):
        file = tmp_path / "outcome.json"
        done = subprocess.run(
            [sys.executable, top / "Tools/restrict/regression/run.py",
             "--upstream", upstream, "--python", here, "--json", file,
             *options], text=True, capture_output=True)
        assert file.exists(), done.stdout + done.stderr
        return done.returncode, json.loads(file.read_text()), done.stdout
    return compare


def test_what_only_upstream_passes_is_named(compare, python, spoilt):
    status, outcome, text = compare(python, spoilt, "test_bool", "test_abc")
    assert outcome["other"] == {
        f"test.test_bool.BoolTest.{name}": kind for name, kind in (
            ("test_float", "missing"), ("test_int", "missing"),
            ("test_repr", "failed"), ("test_str", "skipped"))}, text
    assert status == 1


def test_what_only_this_build_passes_is_no_difference(compare, python,
                                                      spoilt):
    status, outcome, text = compare(spoilt, python, "test_bool", "test_abc")
    assert (status, outcome["other"]) == (0, {}), text
    assert outcome["counts"]["passed"] > 50


def test_modules_left_out_are_named(compare, python):
    status, outcome, text = compare(python, python, "--minutes=-1",
                                    "test_bool", "test_abc")
    assert outcome["left_out"] == ["test_bool", "test_abc"], text
    assert "left out for want of time: test_bool test_abc" in text
    assert status == 1, "nothing was compared"
