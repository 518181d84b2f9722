"""Whatever a guest calls, and with whatever arguments, no system call is made
that opens, reads, tells or ends anything."""

import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent
HOSTILE = (HERE / "hostile.py").read_text()
ROOTS = HERE.parents[1] / "Lib" / "restrict" / "_surface_roots.py"

# What harmless code of the trusted interpreter trips over, each by itself.
TRUSTED = ["_io.open", "builtins.compile", "posix.stat", "posix.getpid",
           "posix.listdir", "posix.kill", "posix.getcwd", "_io.FileIO",
           "_warnings.warn_explicit", "sys._baserepl", "time.tzset"]


# What a guest can import without a grant: the network takes one.
MODULES = """
import restrict
from restrict._surface import importable
with restrict.Interpreter() as guest:
    def can_import(name):
        try:
            guest.exec(f"import {name}")
        except restrict.GuestError:
            return False
        return True
    print([name for name in importable() if can_import(name)])
"""


@pytest.fixture(scope="module")
def program(python):
    modules = subprocess.run(
        [python, "-c", MODULES],
        capture_output=True, text=True, check=True).stdout
    return (f"MODULES = {modules}\nROOTS = {ROOTS.read_text()!r}\n"
            + HOSTILE)


def test_guest(tripwire, program):
    lines = tripwire(program)
    (marks,) = [int(line[1]) for line in lines if line[0] == "marks"]
    assert marks > 1_000_000
    assert [line for line in lines if line[0] == "trip"] == []
    # It is endless loops that are cut short, and few of those.
    assert len([line for line in lines if line[0] == "stopped"]) < 200


def test_the_wire_trips(tripwire):
    """The same calls in a trusted interpreter are noticed."""
    roots = "import _io, _warnings, posix, sys, time\nroots = []\n"
    lines = tripwire(f"CHOSEN = {TRUSTED!r}\nROOTS = {roots!r}\n" + HOSTILE,
                     "--trusted")
    tripped = {line[2].partition("#")[0] for line in lines
               if line[0] == "trip"}
    assert set(TRUSTED) == tripped
