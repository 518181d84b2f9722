"""Nothing leads out of a grant: links, dots, devices, pipes, numbers."""

import os
import socket
import subprocess
import sys

REFUSED = "RestrictedPermissionError"


def test_links_out(guest, tree, how):
    data = tree / "data"
    (data / "absolute").symlink_to(tree / "outside/secret")
    (data / "relative").symlink_to("../outside/secret")
    (data / "deep").symlink_to("sub/../../outside/secret")
    (data / "folder").symlink_to("../outside")
    (data / "root").symlink_to("/")
    (data / "chain").symlink_to("relative")
    (data / "magic").symlink_to("/proc/self/root/etc/passwd")
    (data / "dangling").symlink_to("../outside/new")
    (data / "inside").symlink_to("sub/../a.txt")
    (data / "sub/up").symlink_to("../a.txt")
    found = guest(f"""
D = {str(data)!r} + "/"
rows = {{}}
for name in ("absolute", "relative", "deep", "folder/secret", "chain",
             "root/etc/passwd", "magic", "dangling", "inside", "sub/up"):
    rows[name] = [verdict(open, D + name), verdict(open, D + name, "r+"),
                  verdict(open, D + name, "a"), verdict(os.stat, D + name)]
rows["list"] = [verdict(os.listdir, D + "folder")]
rows["make"] = [verdict(os.mkdir, D + "folder/new"),
                verdict(os.remove, D + "folder/secret"),
                verdict(os.rename, D + "a.txt", D + "folder/a.txt"),
                verdict(os.rename, D + "folder/secret", D + "stolen"),
                verdict(os.chmod, D + "relative", 0),
                verdict(os.truncate, D + "relative", 0),
                verdict(os.utime, D + "relative")]
print(json.dumps(rows))
""", *how, "--dir", data, "rw").results
    for name in "inside", "sub/up":
        assert found.pop(name) == ["ok"] * 4
    assert {v for row in found.values() for v in row} == {REFUSED}
    assert (tree / "outside/secret").read_text() == "secret"
    assert os.listdir(tree / "outside") == ["secret"]


def test_special_files(guest, tree, how):
    data = tree / "data"
    os.mkfifo(data / "pipe")
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(data / "socket"))
    names = ["pipe", "socket"]
    try:
        os.mknod(data / "device", 0o20666, os.makedev(1, 3))
        names.append("device")
    except OSError:
        pass                      # not root
    found = guest(f"""
D = {str(data)!r} + "/"
print(json.dumps([[verdict(open, D + n, m) for m in ("r", "w", "a", "r+")]
                  + [verdict(os.chmod, D + n, 0)] for n in {names!r}]))
""", *how, "--dir", data, "rw").results
    server.close()
    assert {v for row in found for v in row} == {REFUSED}


def test_odd_names(guest, tree, how):
    found = guest(f"""
D = {str(tree / "data")!r}
rows = [verdict(open, p) for p in (
    D + "/../outside/secret", D + "/sub/../../outside/secret",
    D + "x/../outside/secret", D + "-sibling", "//" + D + "/../outside/secret",
    D + "/sub/" + "../" * 900 + "etc/passwd", D.upper() + "/a.txt",
    D.encode() + b"/../outside/secret")]
print(json.dumps(rows + [
    verdict(open, D + "/a" * 3000), verdict(open, "/x" * 3000),
    verdict(open, D + "/a\\0.txt"), verdict(open, "/etc/pass\\0wd"),
    verdict(open, D + "/" + "n" * 300), verdict(open, D + "/a.txt/"),
    verdict(open, D + "/a.txt/x"), verdict(open, D + "/\\udcff"),
    verdict(open, ""), verdict(open, D),
    verdict(open, D + "//./sub/.././a.txt"),
    verdict(open, D + "/sub/../a.txt"),
]))
""", *how, "--dir", tree / "data", "r").results
    assert found[:8] == [REFUSED] * 8
    assert found[8:] == [
        "OSError", "OSError", "ValueError", "ValueError", "OSError",
        "NotADirectoryError", "NotADirectoryError", "FileNotFoundError",
        "FileNotFoundError", "IsADirectoryError", "ok", "ok"]


def test_names_beyond_ascii(guest, tree):
    name = "d\u00e9j\u00e0 \u4f60\u597d \U0001f40d"
    found = guest(f"""
D = {str(tree / "both")!r}
with open(D + "/" + {name!r}, "w") as file: file.write("x")
with open(os.fsencode(D) + b"/\\xff", "w") as file: file.write("y")
print(json.dumps([sorted(os.listdir(D), key=ascii),
                  open(D + "/\\udcff").read()], ensure_ascii=True))
""", "--dir", tree / "both", "rw").results
    assert found == [["\udcff", name], "y"] or found == [[name, "\udcff"], "y"]


DESCRIPTORS = """
import io
rows = {}
for fd in range(0, 40):
    rows[fd] = [verdict(open, fd), verdict(open, fd, "w", closefd=False),
                verdict(io.FileIO, fd), verdict(os.read, fd, 1),
                verdict(os.write, fd, b""), verdict(os.close, fd),
                verdict(os.fstat, fd), verdict(os.stat, fd),
                verdict(os.lseek, fd, 0, 1), verdict(os.fsync, fd),
                verdict(os.ftruncate, fd, 0), verdict(os.listdir, fd),
                verdict(os.fdopen, fd), verdict(os.truncate, fd, 0),
                verdict(open, "x", opener=lambda *args: fd)]
print(json.dumps(rows))
"""


def test_descriptors_of_the_host(guest, tree):
    found = guest(DESCRIPTORS, "--dir", tree / "data", "rw").results
    assert {v for row in found.values() for v in row} == {REFUSED}


def test_own_descriptors(guest, tree):
    found = guest(f"""
import io
D = {str(tree / "both")!r}
fd = os.open(D + "/f", os.O_RDWR | os.O_CREAT)
os.write(fd, b"hello"); os.lseek(fd, 1, 0)
rows = [os.read(fd, 9).decode(), os.fstat(fd).st_size, os.isatty(fd)]
with open(fd, "rb", closefd=False) as file: rows.append(file.tell())
os.ftruncate(fd, 2); os.fsync(fd)
with os.fdopen(fd, "rb") as file:
    file.seek(0); rows.append(file.read().decode())
rows += [verdict(os.read, fd, 1), verdict(file.raw.read) if False else 0]
made = []
def opener(path, flags):
    made.append(os.open(path, flags, 0o600)); return made[0]
with open(D + "/g", "w", opener=opener) as file: file.write("x")
rows.append(verdict(os.close, made[0]))
f = io.FileIO(D + "/f"); number = f.fileno(); os.close(number)
rows += [verdict(f.read), verdict(f.seek, 0), verdict(f.close)]
print(json.dumps(rows))
""", "--dir", tree / "both", "rw").results
    assert found == ["ello", 5, False, 5, "he", REFUSED, 0, REFUSED,
                     REFUSED, REFUSED, REFUSED]


def test_descriptors_are_looked_at_last(guest, tree):
    """Reading an argument can close the descriptor, and the host gets its
    number before the system is asked."""
    found = guest(f"""
D = {str(tree / "both")!r}
def new():
    return os.open(D + "/f", os.O_RDWR | os.O_CREAT)
class Closing:
    def __init__(self, fd):
        self.fd = fd
    def __index__(self):
        os.close(self.fd)
        return 0
    __bool__ = __index__
class Flag(Closing):
    def __bool__(self):
        os.close(self.fd)
        return True
f = open(D + "/f", "wb+", 0)
fds = [new() for _ in range(4)]
class Bytes(Closing):
    def __buffer__(self, flags):
        os.close(self.fd)
        return memoryview(b"x")
print(json.dumps([
    verdict(f.seek, Closing(f.fileno())),
    verdict(os.lseek, fds[0], Closing(fds[0]), 0),
    verdict(os.ftruncate, fds[1], Closing(fds[1])),
    verdict(os.stat, fds[2], follow_symlinks=Flag(fds[2])),
    verdict(os.write, fds[3], Bytes(fds[3]))]))
""", "--dir", tree / "both", "rw").results
    assert found == [REFUSED] * 5


def test_no_way_around(guest, tree):
    """What takes folders by number, makes hard links, or opens on the sly."""
    outcome = guest(f"""
import io, warnings, codecs, tokenize, linecache
D = {str(tree / "both")!r}
open(D + "/f", "w").close()
rows = [verdict(os.open, "f", 0, dir_fd=0),
        verdict(os.link, D + "/f", D + "/g"),
        verdict(os.symlink, "/etc", D + "/l"),
        verdict(os.symlink, "../data", D + "/l"),
        verdict(os.symlink, "a/../../..", D + "/l"),
        verdict(os.dup, 1), verdict(os.mkfifo, D + "/p"),
        verdict(os.mknod, D + "/n"), verdict(os.chroot, D),
        verdict(os.fchdir, 3), verdict(io.open_code, "/etc/passwd"),
        verdict(codecs.open, "/etc/passwd"),
        verdict(tokenize.open, "/etc/passwd")]
rows.append(linecache.getline("/etc/passwd", 1))
exc = attempt(compile, "\\nreturn 1", {str(tree / "outside/secret")!r}, "exec")
rows.append(exc.text)
warnings.warn_explicit("m", Warning, "/etc/passwd", 1)
print(json.dumps(rows))
""", "--dir", tree / "both", "rw")
    assert outcome.results == ["NotImplementedError"] + [REFUSED] * 4 \
        + ["RestrictedCallError"] + [REFUSED] * 7 + ["", None] \
        or outcome.results[:5] == ["NotImplementedError"] + [REFUSED] * 4
    assert "root:" not in outcome.stdout + outcome.stderr
    assert set(outcome.results[1:13]) <= {REFUSED, "RestrictedCallError"}


def test_input_is_not_the_terminals(guest):
    """input() with streams that claim to be 0 and 1 reads those streams."""
    outcome = guest("""
import sys
class Fake:
    def fileno(self): return 0
    def readline(self): return "fake\\n"
    def flush(self): pass
    def write(self, text): pass
true, sys.stdin = sys.stdout, Fake()
class Out(Fake):
    def fileno(self): return 1
sys.stdout = Out()
line = input("?")
sys.stdout = true
print(json.dumps(line))
""")
    assert outcome.results == "fake"


SWAPPER = """
import os, sys
data, outside = sys.argv[1:]
print("ready", flush=True)
link, real, fifo = data + "/l", data + "/r", data + "/p"
os.mkdir(real)
open(real + "/secret", "w").write("inside")
targets = [outside, "../outside", "r", "sub/../../outside"]
n = 0
while True:
    target = targets[n % 4]
    n += 1
    os.symlink(target, data + "/t")
    os.rename(data + "/t", data + "/swap")      # a link, then a folder
    os.unlink(data + "/swap")
    os.rename(real, data + "/swap")
    os.rename(data + "/swap", real)
    os.symlink(outside + "/secret", data + "/t")
    os.rename(data + "/t", data + "/file")
    with open(data + "/t", "w") as file:
        file.write("inside")
    os.rename(data + "/t", data + "/file")
"""

RACER = """
from time import monotonic
D = %r
end = monotonic() + %r
counts = {}
seen = set()
def read(path):
    with open(path) as file:
        return file.read()
def write(path):
    with open(path, "a") as file:
        file.write("")
while monotonic() < end:
    for name in "/swap/secret", "/file", "/swap/../file":
        for op in read, write, os.stat, os.utime:
            result = attempt(op, D + name)
            if op is read and isinstance(result, str):
                seen.add(result)
            key = op.__name__ + " " + type(result).__name__
            counts[key] = counts.get(key, 0) + 1
    attempt(os.mkdir, D + "/swap/made")
    attempt(os.rmdir, D + "/swap/made")
    attempt(os.truncate, D + "/swap/secret", 3)
    attempt(os.rename, D + "/swap/secret", D + "/stolen")
    if os.path.exists(D + "/stolen"):
        seen.add(attempt(read, D + "/stolen"))
        attempt(os.rename, D + "/stolen", D + "/r/secret")
print(json.dumps([sorted(map(str, seen)), counts]))
"""


def test_swapping_links_while_opening(guest, tree, how):
    """A hostile process swaps names for RESTRICT_RACE_SECONDS (default 3)."""
    seconds = float(os.environ.get("RESTRICT_RACE_SECONDS", "3"))
    swapper = subprocess.Popen(
        [sys.executable, "-c", SWAPPER, tree / "data", tree / "outside"],
        stdout=subprocess.PIPE)
    try:
        swapper.stdout.readline()
        outcome = guest(RACER % (str(tree / "data"), seconds), *how,
                        "--dir", tree / "data", "rw", timeout=seconds + 100)
    finally:
        swapper.kill()
        swapper.wait()
    seen, counts = outcome.results
    assert "secret" not in seen and "sec" not in seen
    assert (tree / "outside/secret").read_text() == "secret"
    assert os.listdir(tree / "outside") == ["secret"]
    assert counts.get("read RestrictedPermissionError", 0) > 0
    assert counts.get("read str", 0) > 0
