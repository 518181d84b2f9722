"""Hostile imports behave as in CPython, or are refused; none is fatal."""

import re
import subprocess
from pathlib import Path

import pytest

PROGRAM = (Path(__file__).parent / "imports.py").read_text()


def normal(text):
    """Return lines in which what is not there and what is refused are the
    same, and no file shows."""
    text = re.sub(r"(RestrictedImportError: |ModuleNotFoundError: No mod).*",
                  "not to be had", text)
    text = re.sub(r" from '[^']*/[^']*'>", ">", text)
    return re.sub(r" \((/.*|unknown location)\)", "", text).splitlines()


def test_as_in_cpython(python, guest, tmp_path):
    trusted = subprocess.run([python, "-c", PROGRAM], capture_output=True,
                             text=True, check=True, cwd=tmp_path)
    done = guest(PROGRAM)
    assert done["outcome"] == ["value", None]
    assert normal(done["stdout"]) == normal(trusted.stdout)
    assert "not to be had" in normal(done["stdout"])


# (source, is it noted?)  What the library asks for and does without is not.
ASKED = [
    ("import hashlib, locale, uuid, shutil, platform", False),
    ("import _hashlib", True),
    ("exec(compile('import _hashlib', '<frozen hashlib>', 'exec'))", True),
    ("exec(compile('import _hashlib', __import__('hashlib').new.__code__"
     ".co_filename, 'exec'))", True),
    ("import importlib; importlib.import_module('_hashlib')", True),
    ("import hashlib; hashlib.__builtins__['__import__']('_hashlib')", True),
    ("import pickle; pickle.loads(b'c_hashlib\\nnew\\n.')", True),
    ("import pickle; pickle._loads(b'c_hashlib\\nnew\\n.')", True),
    ("import sys; sys.modules.pop('hashlib', None); import hashlib", False),
]


@pytest.mark.parametrize("source, noted", ASKED)
def test_who_asks(guest, source, noted):
    done = guest(f"""
try:
    {source}
except ImportError as error:
    print(type(error).__name__)
""")
    assert done["outcome"] == ["value", None]
    assert done["stdout"] == ("RestrictedImportError\n" if noted else "")
    assert done["denials"] == ([["import", "_hashlib", 1]] if noted else [])
