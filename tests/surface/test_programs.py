"""Each module does real work in a guest, as it does elsewhere."""

import subprocess
import tomllib
from pathlib import Path

import pytest

with (Path(__file__).parent / "programs.toml").open("rb") as file:
    PROGRAMS = tomllib.load(file)["program"]

# Parts of a module that has a program, and machinery.
PARTS = ("_", "asyncio.", "collections.", "concurrent", "encodings", "html.",
         "importlib.", "json.", "logging.", "pathlib.", "re.", "tomllib.",
         "unittest.", "urllib.", "xml", "zipfile.", "zoneinfo.")
# They have tests of their own, with what the policy must grant.
ELSEWHERE = {"selectors", "socket", "ssl", "smtplib", "poplib", "ftplib",
             "mimetypes", "netrc", "unittest", "linecache"}
NETWORK = ("email", "http", "urllib.", "xmlrpc", "asyncio")   # tests/net


def test_every_module_has_one(top):
    text = (top / "Python" / "restrict_frozen.txt").read_text()
    lines = [line.partition("#")[0] for line in text.splitlines()]
    frozen = {line.partition("=")[0].strip() for line in lines if line.strip()}
    tested = {name for row in PROGRAMS for name in row["modules"]}
    assert {name for name in frozen - tested - ELSEWHERE
            if not name.startswith(PARTS + NETWORK)} == set()


def test_every_name_can_be_had(guest, top):
    """Nothing in the __all__ of a module is refused."""
    text = (top / "Python" / "restrict_frozen.txt").read_text()
    lines = [line.partition("#")[0] for line in text.splitlines()]
    names = [line.partition("=")[0].strip() for line in lines if line.strip()]
    done = guest(f"""
import io, sys
missing = set()
sys.stdout = io.StringIO()      # "this" prints
for name in {[name for name in names if name != "__future__"]}:
    try: exec(f"from {{name}} import *", {{}})
    except ImportError as error: missing.add(error.name)
sys.stdout = sys.__stdout__
print(sorted(missing))
""", memory="1GiB", cpu=120, wall=240)
    assert done["outcome"] == ["value", None], done["outcome"]
    assert done["stdout"] == "['selectors', 'socket', 'ssl']\n"


def test_paths_that_are_refused_do_not_exist(guest):
    done = guest("""
import os, pathlib
path = pathlib.Path("/etc/passwd")
print([getattr(path, name)() for name in dir(path)
       if name == "exists" or name.startswith("is_")
       and name not in ("is_absolute", "is_relative_to", "is_reserved")])
print(os.path.exists(path))
try: path.stat()
except PermissionError: print("refused")
""")
    assert done["outcome"] == ["value", None]
    values, *others = done["stdout"].splitlines()
    assert "True" not in values and values.count("False") == 10
    assert others == ["False", "refused"]
    assert {row[1] for row in done["denials"]} == {"/etc/passwd"}


@pytest.mark.parametrize("program", PROGRAMS,
                         ids=[row["modules"][0] for row in PROGRAMS])
def test_program(python, guest, program, tmp_path):
    trusted = subprocess.run(
        [python, "-X", "utf8", "-W", "ignore", "-c", program["source"]],
        capture_output=True, cwd=tmp_path, timeout=300)
    assert trusted.returncode == 0, trusted.stderr
    assert trusted.stdout
    done = guest(program["source"], cpu=60, wall=120)
    assert done["outcome"] == ["value", None], done["outcome"]
    assert done["stdout"] == trusted.stdout.decode()
    assert done["denials"] == []
