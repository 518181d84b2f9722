"""A refusal says nothing: what exists and what does not are refused alike."""

import pathlib

import pytest

SCRIPT = """
import traceback
PAIRS = %s
OPS = {
    "open": lambda p: open(p),
    "open w": lambda p: open(p, "w"),
    "open x": lambda p: open(p, "xb"),
    "open r+": lambda p: open(p, "r+b", 0),
    "os.open": lambda p: os.open(p, os.O_RDONLY),
    "os.open dir": lambda p: os.open(p, os.O_RDONLY | os.O_DIRECTORY),
    "creat": lambda p: os.open(p, os.O_WRONLY | os.O_CREAT | os.O_EXCL),
    "stat": os.stat, "lstat": os.lstat, "listdir": os.listdir,
    "scandir": os.scandir, "mkdir": os.mkdir, "rmdir": os.rmdir,
    "remove": os.remove, "unlink": os.unlink, "readlink": os.readlink,
    "chdir": os.chdir, "truncate": lambda p: os.truncate(p, 0),
    "utime": os.utime, "chmod": lambda p: os.chmod(p, 0o600),
    "rename": lambda p: os.rename(p, p),
    "symlink": lambda p: os.symlink("a", p),
    "link": lambda p: os.link(p, p), "chown": lambda p: os.chown(p, 0, 0),
    "access": lambda p: os.access(p, os.F_OK),
    "exists": os.path.exists, "isfile": os.path.isfile,
    "isdir": os.path.isdir, "islink": os.path.islink,
    "realpath": os.path.realpath, "slash": lambda p: open(p + "/"),
    "below": lambda p: open(p + "/x"), "up": lambda p: open(p + "/../x"),
    "bytes": lambda p: open(os.fsencode(p)),
}
def look(op, path):
    result = attempt(op, path)
    if not isinstance(result, Exception):
        return "value", repr(result).replace(path, "PATH")
    text = "".join(traceback.format_exception(result)).replace(path, "PATH")
    return (type(result).__name__, repr(result.args),
            repr(getattr(result, "errno", 0)),
            str(result).replace(path, "PATH"),
            repr(getattr(result, "filename", 0)).replace(path, "PATH"),
            repr(getattr(result, "filename2", 0)).replace(path, "PATH"), text)
n = 0
for there, absent in PAIRS:
    for name, op in OPS.items():
        a, b = look(op, there), look(op, absent)
        assert a == b, (name, there, absent, a, b)
        n += 1
print(json.dumps(n))
"""


@pytest.mark.parametrize("grants", [0, 1])
def test_hundreds_of_pairs(guest, tree, grants):
    there = [str(p) for p in sorted(pathlib.Path("/etc").iterdir())[:60]]
    there += ["/dev/null", "/proc/self/status", "/proc/1/root", "/home",
              "/proc/self/fd/0", str(tree / "outside/secret"),
              str(tree / "outside"), "/root", "/dev/full"]
    secret = tree / "outside"
    for i in range(200):
        (secret / f"file{i:03}").write_text("x")
        there.append(str(secret / f"file{i:03}"))
    pairs = [(p, p[:-1] + ("~" if p[-1] != "~" else "@")) for p in there]
    options = ["--dir", tree / "data", "rw"] if grants else []
    outcome = guest(SCRIPT % repr(pairs), *options, timeout=500)
    assert outcome.results == len(pairs) * 34


def test_links_that_lead_out_are_refused_alike(guest, tree, how):
    """Whether what a link leads to exists cannot be told."""
    for i, target in enumerate(["/etc/passwd", "/etc/nothing",
                                "../outside/secret", "../outside/nothing"]):
        (tree / f"data/link{i}").symlink_to(target)
    data = str(tree / "data")
    outcome = guest(f"""
def look(p):
    rows = []
    for op in open, os.stat, os.listdir, os.chdir, os.readlink, os.utime:
        exc = attempt(op, p)
        rows.append((type(exc).__name__, exc.errno, exc.filename == p,
                     exc.strerror))
    return rows + [os.path.exists(p), os.access(p, os.R_OK)]
found = [look({data!r} + "/link" + str(i)) for i in range(4)]
assert found[0] == found[1] == found[2] == found[3], found
print(json.dumps(found[0]))
""", *how, "--dir", tree / "data", "rw")
    assert {row[0] for row in outcome.results[:-2]} \
        == {"RestrictedPermissionError"}
    assert outcome.results[-2:] == [False, False]


def test_zones_say_nothing_of_other_paths(guest, tree):
    """zoneinfo may ask which zones are granted, and nobody else what is."""
    outcome = guest(f"""
from restrict import _asks_for_zone
up = "../" * 9
print(json.dumps([_asks_for_zone(up + path) for path in (
    {str(tree / "data")[1:]!r}, {str(tree / "outside")[1:]!r}, "")]
    + [_asks_for_zone("UTC")]))
""", "--dir", tree / "data", "r")
    assert outcome.results == [False] * 4
