"""Python is ended and begun again in one process."""

from pathlib import Path

import pytest

HERE = Path(__file__).parent

# What the default policy lets a guest import that has C code behind it.
SOURCE = """
import array, collections, datetime, decimal, hashlib, io, itertools, json
import math, pickle, random, re, struct, unicodedata, zlib
datetime.datetime.now() - datetime.timedelta(1), datetime.timezone.utc
decimal.Decimal(1) / 3, json.dumps({"a": [1.5]}), re.sub("a", "b", "aa")
pickle.loads(pickle.dumps([array.array("i", [1])])), zlib.compress(b"x")
try: import subprocess
except ImportError: pass
"""


def test_guests_of_each_life(installed, run_program, build_dir,
                             tmp_path_factory):
    if build_dir.name == "plain":
        pytest.skip("this build makes no restricted interpreter")
    program = installed.build_program(
        HERE / "lives.c", tmp_path_factory.mktemp("lives") / "lives")
    assert run_program(program, "3", SOURCE).splitlines() == [
        "life 0", "life 1", "life 2"]
