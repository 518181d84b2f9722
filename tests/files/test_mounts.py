"""Mounts below, at and over a granted folder, with real ones.

In a user and mount namespace of its own, which needs no root, where the
machine allows that.
"""

import json
import os
import subprocess

import pytest

HOST = """
import json, os, restrict, subprocess, sys

top = sys.argv[1]

def mount(*words):
    subprocess.run(["mount", *words], check=True)

def bind(source, target):
    mount("--bind", f"{top}/{source}", f"{top}/{target}")

SOURCE = '''
def attempt(path, *mode):
    try:
        with open(path, *mode) as file:
            return file.read() if not mode else file.write("x")
    except OSError as exc:
        return type(exc).__name__
def names(path):
    try:
        return sorted(__import__("os").listdir(path))
    except OSError as exc:
        return type(exc).__name__
'''

def guest(**fields):
    guest = restrict.Interpreter(restrict.Policy(**fields))
    guest.exec(SOURCE)
    return guest

def see(guest, path, *mode):
    return guest.call("attempt", f"{top}/{path}", *mode)

data = {f"{top}/data": "rw"}
"""


@pytest.fixture
def mounts(python, tree):
    """Run a host's program in a namespace of its own; return what it found.

    Fails if what it calls `control`, what the host itself reads there, is not
    there: the mount did not happen then.
    """
    if subprocess.run(["unshare", "-rm", "mount", "-t", "tmpfs", "none",
                       tree / "out"], capture_output=True).returncode:
        pytest.skip("no user and mount namespaces here")

    def run(source):
        done = subprocess.run(
            ["unshare", "-rm", python, "-c", HOST + source
             + "\nprint(json.dumps(found))", tree],
            capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)
    return run


REFUSED = "RestrictedPermissionError"


@pytest.mark.parametrize("when", ["before", "after"])
def test_below_the_grant(mounts, when):
    """Another folder, mounted below: it is not what was granted."""
    make = "g = guest(directories=data)\n"
    bind = "bind('outside', 'data/sub')\n"
    found = mounts((bind + make if when == "before" else make + bind) + """
found = [open(f"{top}/data/sub/secret").read(), see(g, "data/sub/secret"),
         see(g, "data/sub/new", "w"), os.path.exists(f"{top}/outside/new"),
         see(g, "data/a.txt")]
""")
    assert found == ["secret", REFUSED, REFUSED, False, "alpha"]


def test_a_file_over_a_file(mounts):
    found = mounts("""
g = guest(directories=data)
bind("outside/secret", "data/a.txt")
found = [open(f"{top}/data/a.txt").read(), see(g, "data/a.txt"),
         see(g, "data/a.txt", "w"), open(f"{top}/outside/secret").read()]
""")
    assert found == ["secret", REFUSED, REFUSED, "secret"]


def test_a_file_over_a_file_is_not_emptied(mounts, guest_program, how, tree,
                                           top):
    """Refused before anything happens to it, also without openat2()."""
    script = tree / "script.py"
    script.write_text(f"""
for mode in "w", "r+", "a":
    try: open({str(tree / "data/a.txt")!r}, mode).write("x")
    except OSError as exc: print(type(exc).__name__)
""")
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-ec", """
            mount -t tmpfs none "$0/out"
            echo secret >"$0/out/file"
            mount --bind "$0/out/file" "$0/data/a.txt"
            "$@"
            cat "$0/out/file"
        """, tree, guest_program, *how, "--dir", tree / "data", "rw", script],
        capture_output=True, text=True, timeout=120,
        env={**os.environ, "PYTHONPATH": str(top / "build/cpython/Lib")})
    assert done.stdout.split() == [REFUSED] * 3 + ["secret"], done.stderr


def test_another_file_system_below(mounts):
    found = mounts("""
g = guest(directories=data)
mount("-t", "tmpfs", "none", f"{top}/data/sub")
open(f"{top}/data/sub/f", "w").write("tmpfs")
found = [see(g, "data/sub/f"), see(g, "data/sub/g", "w"),
         g.call("names", f"{top}/data/sub")]
""")
    assert found == [REFUSED, REFUSED, REFUSED]


def test_at_the_grant(mounts):
    """The granted folder is a mount point: it is what is there then."""
    found = mounts("""
bind("outside", "data")
g = guest(directories=data)
found = [see(g, "data/secret"), see(g, "data/a.txt")]
""")
    assert found == ["secret", "FileNotFoundError"]


def test_over_the_grant(mounts):
    """What is mounted over it later is not what was granted."""
    found = mounts("""
g = guest(directories=data)
bind("outside", "data")
found = [open(f"{top}/data/secret").read(), see(g, "data/secret"),
         see(g, "data/a.txt")]
""")
    assert found == ["secret", "FileNotFoundError", "alpha"]


def test_two_grants_one_in_the_other(mounts):
    """A mount point that is granted by itself is reached."""
    found = mounts("""
bind("outside", "data/sub")
g = guest(directories={**data, f"{top}/data/sub": "r"})
found = [see(g, "data/sub/secret"), see(g, "data/sub/new", "w")]
""")
    assert found == ["secret", REFUSED]
