"""Memory: what the process holds, and that all of it is given back."""

import subprocess

import pytest

# Fixed: an interpreter's own structures, and what the modules of the cases
# allocate once for the process, in KiB.
INTERPRETER = 2500
SLACK = 4 << 10

HOGS = {
    "bytes": "b = bytes(10**12)",
    "bytes-max": "n = 1 << 20\nb = []\nwhile True:\n"
                 "    try: b.append(bytes(n))\n"
                 "    except MemoryError:\n"
                 "        n //= 2\n"
                 "        if n < 100000: raise",
    "str": "s = 'x'\nwhile True: s += s",
    "list": "l = [None]\nwhile True: l += l",
    "list-append": "l = []\nwhile True: l.append(None)",
    "int": "x = 1 << 1000\nwhile True: x = x * x",
    "bytearray": "b = bytearray(b'x')\nwhile True: b += b",
    "bytearray-append": "b = bytearray()\nwhile True: b.append(1)",
    "array": "import array\na = array.array('d', [0])\nwhile True: a += a",
    "small-objects": "l = None\nwhile True: l = (l, object())",
    "dict": "d = {}\nwhile True: d[len(d)] = len(d)",
    "set": "s = set()\nwhile True: s.add(len(s))",
    "nesting": "l = []\nwhile True: l = [l]",
    "nested-iterators": "x = iter([])\nwhile True: x = map(abs, x)",
    "nested-chains": "import itertools\nx = iter([])\n"
                     "while True: x = itertools.chain(x)",
    "nested-generators": "def g(x): yield x\nx = None\n"
                         "while True:\n    i = g(x); next(i); x = i",
    "nested-cells": "def g(x): return lambda: x\nx = None\n"
                    "while True: x = g(x)",
    "nested-hash": "import sys\nx = ()\n"
                   "for i in range(sys.maxsize):\n    x = (x,)\n"
                   "    if i % 100000 == 0:\n"
                   "        try: hash(x)\n"
                   "        except RecursionError: pass",
    "nested-walks": "import sys\nx = iter([1])\n"
                    "for i in range(sys.maxsize):\n    x = map(abs, x)\n"
                    "    if i % 100000 == 0:\n"
                    "        try: next(x)\n"
                    "        except RecursionError: pass",
    "format": "'%*d' % (10**9, 1)",
    "format-many": "l = []\nwhile True: l.append('%*d' % (10**5, 1))",
    "ljust": "l = []\nwhile True: l.append(''.ljust(3000))",
    "zlib": "import zlib\nd = zlib.compress(bytes(10**6))\nl = []\n"
            "while True: l.append(zlib.decompress(d))",
    "zlib-objects": "import zlib\nl = []\n"
                    "while True: l.append(zlib.compressobj())",
    "bz2-objects": "import bz2\nl = []\n"
                   "while True:\n    c = bz2.BZ2Compressor(); c.compress(b'x')"
                   "\n    l.append(c)",
    "bz2-readers": "import bz2\nl = []\n"
                   "while True: l.append(bz2.BZ2Decompressor())",
    "locks": "import _thread\nl = []\nwhile True: l.append(_thread.RLock())",
    "lzma-objects": "import lzma\nl = []\n"
                    "while True: l.append(lzma.LZMACompressor())",
    "hash-objects": "import hashlib\nh = None\nl = []\n"
                    "while True: l.append(hashlib.sha256())",
    "int-to-str": "l = []\nx = 10**4000\nwhile True: l.append(str(x))",
    "deque": "import collections\nd = collections.deque()\n"
             "while True: d.append(None)",
    "exceptions": "l = []\nwhile True:\n"
                  "    try: raise ValueError('x' * 5000)\n"
                  "    except ValueError as e: l.append(e)",
    "generators": "def g(): yield\nl = []\n"
                  "while True:\n    x = g(); next(x); l.append(x)",
    "closures": "l = []\nwhile True: l.append(lambda x=l: l)",
    "compile": "compile('x = [' + '1,' * 10**6 + ']\\n' * 20, '', 'exec')",
    "compile-many": "l = []\nwhile True: l.append(compile("
                    "'def f(a, b): return a + b\\n' * 200, '', 'exec'))",
    "str-join": "l = []\nwhile True: l.append(''.join(['ab'] * 1000))",
    "split": "s = 'a ' * 1000000\nl = []\nwhile True: l.append(s.split())",
    "stringio": "import io\ns = io.StringIO()\n"
                "while True: s.write('x' * 1000)",
    "bytesio": "import io\ns = io.BytesIO()\nwhile True: s.write(b'x' * 1000)",
    "medium-fragments": "import random\nl = {}\ni = 0\nwhile True:\n"
                        "    i += 1\n    l[i] = bytes(600 + i % 50000)\n"
                        "    if i % 2: l.pop(i // 2, None)",
    "namedtuple": "import collections\nl = []\n"
                  "while True: l.append(collections.namedtuple('A', 'b c'))",
    "classes": "l = []\nwhile True: l.append(type('C', (), {}))",
    "decimal": "import decimal\ndecimal.getcontext().prec = 10**6\n"
               "x = decimal.Decimal(3)\nwhile True: x = x * x + x",
}


@pytest.mark.parametrize("cap", [8, 32, 256])
@pytest.mark.parametrize("name", HOGS)
def test_resident(driver, name, cap, slow_build):
    """Resident memory never passes the cap, 4 MiB, and an interpreter."""
    [guest], process = driver(HOGS[name], memory=cap << 20, wall=30,
                              timeout=200)
    if guest["hit"] != "wall":          # some need long to get there
        assert guest["hit"] == "memory" or guest["error"]
    assert guest["peak"] <= (cap << 20) + (512 << 10)
    if not slow_build:
        assert process["rss_peak"] - process["start"] <= (
            (cap << 10) + SLACK + INTERPRETER)
    assert guest["end"] < 10


def test_large_request_is_catchable(driver):
    [guest], _ = driver("try: bytes(10**9)\nexcept MemoryError: print('ok')",
                        memory=16 << 20)
    assert guest["stdout"] == "ok\n" and guest["hit"] == ""


def test_small_requests_end_the_guest(driver):
    [guest], _ = driver(
        "l = None\n"
        "while True:\n"
        "    try:\n        while True: l = (l,)\n"
        "    except BaseException: print('survived')", memory=16 << 20)
    assert guest["hit"] == "memory" and guest["stdout"] == ""


def test_memory_is_given_back(driver):
    [guest], _ = driver(
        "for i in range(20):\n"
        "    x = bytes(10 << 20); y = [0] * 100000; z = {j: j for j in y}\n"
        "    del x, y, z", memory=24 << 20)
    assert (guest["hit"], guest["error"]) == ("", "")
    assert guest["peak"] > 10 << 20 > guest["memory"]


USE = """
import json, re, collections, datetime, math, random, dataclasses
x = [json.loads(json.dumps({'a': [1, 2, 3]})) for i in range(100)]
re.sub('a+', 'b', 'aaa' * 100)
class C:
    def __init__(self): self.me = self
for i in range(100): C()
b = bytes(1 << 20)
"""


def growth(driver, source, few, many, threads, **limits):
    """KiB by which more interpreters leave the process larger.

    The first ones fill the caches of the C library.
    """
    _, first = driver(source, repeat=few // threads, threads=threads,
                      timeout=900, **limits)
    _, second = driver(source, repeat=(few + many) // threads,
                       threads=threads, timeout=900, **limits)
    return second["rss"] - first["rss"]


KEPT = "the sanitizer and the debug hooks keep memory"


@pytest.mark.parametrize("threads", [1, 4])
def test_cycles_leave_nothing(driver, threads, slow_build):
    """A thousand interpreters more grow the process by less than 1 MiB."""
    if slow_build:
        pytest.skip(KEPT)
    assert growth(driver, "pass", 200, 1000, threads) < 1024


@pytest.mark.parametrize("threads", [1, 4])
def test_cycles_of_use_leave_nothing(driver, threads, slow_build):
    if slow_build:
        pytest.skip(KEPT)
    assert growth(driver, USE, 40, 80, threads) < 1024


@pytest.mark.slow
@pytest.mark.timeout(1900)
@pytest.mark.parametrize("threads", [1, 4])
def test_many_cycles_of_use_leave_nothing(driver, threads, slow_build):
    if slow_build:
        pytest.skip(KEPT)
    assert growth(driver, USE, 200, 1000, threads) < 1024


@pytest.mark.slow
def test_stopped_cycles_leave_nothing(driver, slow_build):
    source = "class C: pass\nc = C(); c.c = c\nl = None\nwhile 1: l = (l, C())"
    if slow_build:
        pytest.skip(KEPT)
    assert growth(driver, source, 100, 500, 1, memory=4 << 20) < 1024


EACH_ITS_OWN = """
print(index)
mine = [index] * 1000
if index % 9 == 0:
    while True: mine[0] = index
if index % 9 == 3:
    while True: mine = mine + mine, mine
if index % 9 == 6:
    while True: print('spam')
print(sum(i * i for i in range(10000)), sum(mine) // 1000)
"""
HITS = {0: "cpu", 3: "memory", 6: "output"}


def test_many_at_once(driver):
    """200 guests live on eight threads, a third of which hit a limit.

    No cross-talk, and the host's thread gets its GIL when it wants it.
    """
    guests, process = driver(EACH_ITS_OWN, cpu=0.5, memory=8 << 20,
                             output=2000, repeat=25, threads=8, live=1,
                             timeout=280)
    assert sorted(guest["index"] for guest in guests) == list(range(200))
    for guest in guests:
        index = guest["index"]
        assert guest["hit"] == HITS.get(index % 9, "")
        assert guest["stdout"].startswith(f"{index}\n")
        if not guest["hit"]:
            assert guest["stdout"] == f"{index}\n333283335000 {index}\n"
    assert process["waited"] < 0.005        # the switch interval


def test_debug_hooks(driver):
    """PYTHONMALLOC=debug puts its marks around blocks: they still count."""
    driver.environ["PYTHONMALLOC"] = "debug"
    [guest], _ = driver("x = [bytes(n) for n in range(10**4)]\ndel x",
                        memory=200 << 20, wall=60)
    assert (guest["hit"], guest["error"]) == ("", "")
    assert guest["memory"] < 16 << 20


DEEP = """
import restrict
def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096
source = '''
class Step:
    __slots__ = "step"
    def __init__(self, step=None): self.step = step
    def __anext__(self): return self.step
def walk(levels):
    x = Step()
    for _ in range(levels): x = Step(anext(x, 1))
    try: x.__anext__().send(None)
    except (RecursionError, TypeError): pass
'''
policy = restrict.Policy(memory="64MiB", cpu=None, wall=None)
with restrict.Interpreter(policy) as guest:
    guest.exec(source + "walk(1)")
    before = resident()
    guest.exec("walk(20_000)")
    print(resident() - before)
"""


def test_a_deep_stack_goes_back(python, slow_build):
    """What recursion in C took of the stack, here 4.6 MiB, does not stay with
    the process."""
    done = subprocess.run([python, "-c", DEEP], capture_output=True, text=True,
                          timeout=300, check=True)
    assert int(done.stdout) < (64 if slow_build else 4) << 20
