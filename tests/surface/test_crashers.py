"""What crashes CPython does not crash the process that holds a guest."""

import subprocess
import tomllib
from pathlib import Path

import pytest

with (Path(__file__).parent / "crashers.toml").open("rb") as file:
    PROGRAMS = {row["name"]: row for row in tomllib.load(file)["program"]}


@pytest.mark.parametrize("name", PROGRAMS)
def test_guest_survives(guest, name):
    done = guest(PROGRAMS[name]["source"], cpu=60, wall=120)
    # An assertion of the program is about memory that is not its own.
    assert done["outcome"][1] != "AssertionError", done["outcome"]


@pytest.mark.parametrize("name", [name for name, row in PROGRAMS.items()
                                  if row.get("crashes")])
def test_it_is_a_crash(python, pytestconfig, name):
    if PROGRAMS[name]["crashes"] not in (True,
                                         pytestconfig.getoption("flavour")):
        pytest.skip("not in a build of this flavour")
    done = subprocess.run([python, "-W", "ignore", "-c",
                           PROGRAMS[name]["source"]], capture_output=True)
    assert done.returncode < 0 or b"ERROR: AddressSan" in done.stderr
