"""The standard library's ways to files, at work inside a grant."""

import os
import shutil

import pytest

WORK = {
    "pathlib": """
from pathlib import Path
p = Path(D) / "p.txt"
p.write_text("h\\u00e9llo")
assert p.read_text() == "h\\u00e9llo" and p.exists() and p.is_file()
q = Path(D) / "dir" / "deep"
q.mkdir(parents=True, exist_ok=True)
(q / "x.txt").write_bytes(b"1")
assert [x.name for x in q.iterdir()] == ["x.txt"]
assert sorted(x.name for x in Path(D).rglob("*.txt")) == ["p.txt", "x.txt"]
assert p.resolve() == p and p.stat().st_size == 6
(q / "x.txt").rename(q / "y")
(q / "y").unlink(); q.rmdir(); p.unlink()
""",
    "shutil": """
import shutil
os.makedirs(D + "/a/b/c")
with open(D + "/a/x", "w") as f: f.write("x" * 100_000)
os.symlink("x", D + "/a/l")
shutil.copytree(D + "/a", D + "/z", symlinks=True)
assert os.readlink(D + "/z/l") == "x"
shutil.copy2(D + "/a/x", D + "/y")
shutil.move(D + "/y", D + "/moved")
assert os.path.getsize(D + "/moved") == 100_000
shutil.make_archive(D + "/arch", "zip", D + "/z")
shutil.rmtree(D + "/a"); shutil.rmtree(D + "/z")
assert sorted(os.listdir(D)) == ["arch.zip", "moved"]
""",
    "tempfile": """
import tempfile
with tempfile.TemporaryDirectory(dir=D) as d:
    with tempfile.NamedTemporaryFile(dir=d) as f:
        f.write(b"1"); f.flush()
        assert os.path.exists(f.name)
    with tempfile.TemporaryFile(dir=d) as f:
        f.write(b"12"); f.seek(0); assert f.read() == b"12"
    with tempfile.SpooledTemporaryFile(dir=d, max_size=2) as f:
        f.write(b"12345"); f.seek(0); assert f.read() == b"12345"
assert os.listdir(D) == []
os.chdir(D)
assert tempfile.gettempdir() == D
""",
    "zipfile": """
import zipfile
with zipfile.ZipFile(D + "/a.zip", "w", zipfile.ZIP_DEFLATED) as z:
    z.writestr("a/b.txt", "hello" * 1000)
with zipfile.ZipFile(D + "/a.zip") as z:
    assert z.read("a/b.txt") == b"hello" * 1000
    z.extractall(D + "/out")
assert open(D + "/out/a/b.txt").read() == "hello" * 1000
with zipfile.ZipFile(D + "/evil.zip", "w") as z: z.writestr("../../e", "x")
zipfile.ZipFile(D + "/evil.zip").extractall(D + "/out")
""",
    "tarfile": """
import tarfile, io
os.mkdir(D + "/ex")
with open(D + "/ex/f", "w") as f: f.write("tar")
with tarfile.open(D + "/a.tar.gz", "w:gz") as t: t.add(D + "/ex", "ex")
with tarfile.open(D + "/a.tar.gz") as t:
    t.extractall(D + "/out", filter="data")
assert open(D + "/out/ex/f").read() == "tar"
with tarfile.open(D + "/evil.tar", "w") as t:
    info = tarfile.TarInfo("../../evil"); info.size = 1
    t.addfile(info, io.BytesIO(b"x"))
    link = tarfile.TarInfo("l"); link.type = tarfile.SYMTYPE
    link.linkname = "/etc"; t.addfile(link)
with tarfile.open(D + "/evil.tar") as t:
    assert isinstance(attempt(t.extractall, D + "/out",
                              filter="fully_trusted"),
                      PermissionError)
""",
    "csv": """
import csv
with open(D + "/c.csv", "w", newline="") as f:
    csv.writer(f).writerows([["a", "b"], [1, 'x"y']])
with open(D + "/c.csv", newline="") as f:
    assert list(csv.DictReader(f)) == [{"a": "1", "b": 'x"y'}]
""",
    "json": """
with open(D + "/j.json", "w") as f: json.dump({"a": [1, None]}, f)
with open(D + "/j.json") as f: assert json.load(f) == {"a": [1, None]}
""",
    "configparser": """
import configparser
c = configparser.ConfigParser(); c["s"] = {"k": "v"}
with open(D + "/c.ini", "w") as f: c.write(f)
d = configparser.ConfigParser()
assert d.read([D + "/c.ini", "/etc/nothing.ini"]) == [D + "/c.ini"]
assert d["s"]["k"] == "v"
""",
    "logging": """
import logging
h = logging.FileHandler(D + "/log"); log = logging.getLogger("x")
log.addHandler(h); log.warning("hello"); h.close()
assert open(D + "/log").read() == "hello\\n"
""",
    "logging.handlers": """
import logging, logging.config, logging.handlers
with open(D + "/log.ini", "w") as f: f.write(f'''
[loggers]
keys=root
[handlers]
keys=file
[formatters]
keys=
[logger_root]
level=INFO
handlers=file
[handler_file]
class=handlers.RotatingFileHandler
args=("{D}/log", "a", 20, 2)
''')
logging.config.fileConfig(D + "/log.ini")
for i in range(9): logging.info("line %d", i)
timed = logging.handlers.TimedRotatingFileHandler(D + "/timed")
watched = logging.handlers.WatchedFileHandler(D + "/watched")
for handler in timed, watched, watched:
    handler.emit(logging.makeLogRecord({"msg": "m"}))
timed.doRollover(); timed.close()
logging.config.dictConfig({"version": 1})
logging.shutdown()
assert open(D + "/log.1").read() == "line 6\\nline 7\\n"
assert open(D + "/watched").read() == "m\\nm\\n"
assert len([n for n in os.listdir(D) if n.startswith("timed")]) == 2
attempt(logging.handlers.RotatingFileHandler, D + "/../log")
""",
    "others": """
import codecs, filecmp, fileinput, glob, gzip, io, linecache, tokenize
with open(D + "/log", "w") as f: f.write("hi\\n")
assert list(fileinput.input([D + "/log"])) == ["hi\\n"]
for line in fileinput.input([D + "/log"], inplace=True):
    print(line.upper(), end="")
assert codecs.open(D + "/log", "r", "utf-8").read() == "HI\\n"
assert tokenize.open(D + "/log").read() == "HI\\n"
assert linecache.getline(D + "/log", 1) == "HI\\n"
assert io.open_code(D + "/log").read() == b"HI\\n"
assert glob.glob(D + "/*") == [D + "/log"]
assert filecmp.cmp(D + "/log", D + "/log", shallow=False)
with gzip.open(D + "/g.gz", "wt") as f: f.write("zip")
assert gzip.open(D + "/g.gz", "rt").read() == "zip"
""",
    "packed": """
import bz2, lzma, io, pickle
for module in bz2, lzma:
    with module.open(D + "/p", "wb") as f: f.write(b"x" * 100_000)
    assert module.open(D + "/p").read() == b"x" * 100_000
with open(D + "/b", "w+b", buffering=16) as f:
    pickle.dump([1, {2: "3"}], f); f.seek(0)
    assert pickle.load(f)[1] == {2: "3"}
with io.FileIO(D + "/raw", "w+") as f:
    f.write(b"0123456789"); f.seek(4); assert f.read(3) == b"456"
    f.truncate(5); assert f.seek(0, 2) == 5
class Mine(io.FileIO): pass
with io.BufferedReader(Mine(D + "/raw")) as f: assert f.peek(1)[:1] == b"0"
with open(D + "/t", "w", encoding="utf-16", newline="\\r\\n") as f:
    f.write("h\u00e9\\n")
assert open(D + "/t", "rb").read().endswith("\u00e9\\r\\n".encode("utf-16-le"))
""",
    "os": """
os.makedirs(D + "/a/b", exist_ok=True); os.makedirs(D, exist_ok=True)
open(D + "/a/f", "w").close()
assert [(r[len(D):], d, f) for r, d, f in os.walk(D)] == [
    ("", ["a"], []), ("/a", ["b"], ["f"]), ("/a/b", [], [])]
os.utime(D + "/a/f", (1, 2)); assert os.stat(D + "/a/f").st_mtime == 2
os.utime(D + "/a/f", ns=(5, 6)); assert os.stat(D + "/a/f").st_mtime_ns == 6
os.chmod(D + "/a/f", 0o4640)
assert os.stat(D + "/a/f").st_mode & 0o7777 == 0o640
assert os.access(D + "/a/f", os.R_OK | os.W_OK) and os.path.isdir(D + "/a")
with os.scandir(D + "/a") as it:
    found = sorted((e.name, e.is_dir(), e.is_file(),
                    e.stat().st_ino == e.inode())
                   for e in it)
assert found == [("b", True, False, True), ("f", False, True, True)]
os.removedirs(D + "/a/b")
os.environ["KEY"] = "value"; assert os.getenv("KEY") == "value"
assert isinstance(os.scandir(D), object)
assert os.path.realpath(D + "/a") == D + "/a"
""",
}


@pytest.mark.parametrize("name", WORK)
def test_at_work(guest, tree, name):
    script = f"D = {str(tree / 'both')!r}\n" + WORK[name] + "\nprint('true')"
    outcome = guest(script, "--dir", tree / "both", "rw")
    assert outcome.results is True
    assert not any(p.name in ("e", "evil") for p in tree.rglob("*")
                   if tree / "both" not in p.parents)


def test_the_environment_is_empty(guest):
    found = guest("import posix\nprint(json.dumps([dict(os.environ), "
                  "len(posix.environ), os.getcwd()]))").results
    assert found == [{}, 0, "/"]


def test_a_job_on_data(guest, tree):
    """Read a folder, aggregate, write a report and a zip; and without the
    grants, the report names what is missing."""
    for i in range(5):
        (tree / f"data/s{i}.csv").write_text(f"item,price\na,{i}\nb,2.5\n")
        (tree / f"data/s{i}.json").write_text(f'{{"shop": {i}}}')
    script = f"""
import csv, glob, zipfile
data, out = {str(tree / "data")!r}, {str(tree / "out")!r}
try:
    names = sorted(os.listdir(data))
except PermissionError:
    names = []
total = 0
for name in names:
    path = os.path.join(data, name)
    if name.endswith(".csv"):
        with open(path, newline="") as f:
            total += sum(float(row["price"]) for row in csv.DictReader(f))
try:
    with open(out + "/report.txt", "w") as f: f.write(f"total {{total}}\\n")
    with zipfile.ZipFile(out + "/report.zip", "w") as z:
        z.writestr("report.txt", str(total))
except PermissionError:
    pass
print(json.dumps(total))
"""
    outcome = guest(script, "--dir", tree / "data", "r", "--dir",
                    tree / "out", "w")
    assert outcome.results == 22.5
    assert (tree / "out/report.txt").read_text() == "total 22.5\n"
    outcome = guest(script)
    grants = [d[2] for d in outcome.denials if d[0] == "file"]
    assert f'directories = {{"{tree / "data"}" = "r"}}' in grants
    assert f'directories = {{"{tree / "out"}" = "w"}}' in grants


ZONES = "/usr/share/zoneinfo"


@pytest.mark.skipif(not os.path.isfile(f"{ZONES}/Europe/Berlin"),
                    reason="the system has no time zones")
def test_time_zones_of_the_system(guest):
    """They come with a grant of their folder; without one, those that the
    binary was built with, or a refusal which names the grant."""
    script = """
import datetime, zoneinfo
zone = attempt(zoneinfo.ZoneInfo, "Europe/Berlin")
results["offset"] = (
    zone.utcoffset(datetime.datetime(2024, 7, 1)).seconds
    if isinstance(zone, zoneinfo.ZoneInfo) else type(zone).__name__)
results["many"] = len(zoneinfo.available_timezones()) > 300
for key in ("../../../etc/hostname", "/etc/hostname", ".", "Europe"):
    results[key] = verdict(zoneinfo.ZoneInfo, key)
print(json.dumps(results))
"""
    odd = dict.fromkeys(("../../../etc/hostname", "/etc/hostname", "."),
                        "ValueError")
    odd["Europe"] = "ZoneInfoNotFoundError"
    granted = guest(script, "--dir", ZONES, "r")
    assert granted.results == {"offset": 7200, "many": True, **odd}
    alone = guest(script)
    denied = [row[1] for row in alone.denials]
    if guest(BUNDLED).results:
        assert alone.results == granted.results
        assert denied == []
    else:
        assert alone.results == {"offset": "ZoneInfoNotFoundError",
                                 "many": False, **odd}
        assert f"{ZONES}/Europe/Berlin" in denied


BUNDLED = """
from restrict import _zone_keys
print(json.dumps(len(_zone_keys())))
"""


@pytest.mark.skipif(not os.path.isfile(f"{ZONES}/Asia/Tokyo"),
                    reason="the system has no time zones")
def test_a_granted_time_zone_comes_first(guest, tmp_path):
    """What is in a folder goes before what is in the binary."""
    script = f"""
import datetime, zoneinfo
zoneinfo.reset_tzpath([{str(tmp_path / "zones")!r}])
zone = zoneinfo.ZoneInfo("Made/Up")
results["hours"] = zone.utcoffset(datetime.datetime(2024, 7, 1)).seconds / 3600
results["listed"] = "Made/Up" in zoneinfo.available_timezones()
print(json.dumps(results))
"""
    for key in ("Made/Up", "Europe/Berlin"):
        path = tmp_path / "zones" / key
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(f"{ZONES}/Asia/Tokyo", path)
        outcome = guest(script.replace("Made/Up", key), "--dir",
                        tmp_path / "zones", "r")
        assert outcome.results == {"hours": 9.0, "listed": True}
        assert outcome.denials == []
    refused = guest(script)
    assert "ZoneInfoNotFoundError" in refused.stderr
    assert f"{tmp_path}/zones/Made/Up" in [row[1] for row in refused.denials]
