"""Any allocation of a guest may fail: the process lives."""

import subprocess
from pathlib import Path

import pytest

LIVES = {
    "import": "import json, re, collections, dataclasses, math, random",
    "run": """
class C:
    def __init__(self, a): self.a = [a] * 100
    def __del__(self): self.a = None
def g(n):
    try:
        yield from (C(i) for i in range(n))
    finally:
        d = {str(i): f'{i:10}' for i in range(n)}
for c in g(20):
    c.me = c
try: {}['x']
except KeyError as e: x = repr(e)
exec('def f(a, *b, c=1, **d): return lambda: (a, b, c, d)\\nf(1)()')
import weakref
r = weakref.ref(c, lambda r: None)
'%s %r' % (c, [1.5]), b'a' * 5000, sorted(range(50), key=str)
""",
    "stop": """
class C:
    def __del__(self): [1] * 1000
def g():
    try: yield C()
    finally: C()
c = C(); c.c = c
x = g(); next(x)
def f(n):
    try: f(n + 1)
    finally: f(n + 1)
f(0)
""",
    "compile": "compile('''\nclass A[T](list):\n    x: int = 1\n"
               "    async def f(self, *a): return [i async for i in a]\n"
               "    def g(self):\n        match self:\n"
               "            case {'a': [*b]}: return (yield b)\n"
               "try: f'{x!r:>{y}}'\nexcept* E as e: del e\n''', '', 'exec')",
    # More different ones than the record holds.
    "refusals": """
for name in [f'm{i}' for i in range(3000)]:
    try: __import__(name)
    except BaseException: pass
""",
}


# The examples are programs of the documentation; theirs are the limits, too.
EXAMPLES = Path(__file__).parents[2] / "Doc/examples/guests"
for path in sorted(EXAMPLES.glob("*.py")):
    LIVES["example-" + path.stem] = path.read_text()

WINDOWS = {"one": 1, "all-from": 10**9}
LIMITS = {"memory": 32 << 20, "wall": 20}
STEPS = {"stop": 3000}           # each takes longer than the one before


def sweep(driver, name, window, points):
    """Let allocations fail that are spread over the life of a guest.

    From before its interpreter is made until after its end; the process then
    makes another guest, and ends.
    """
    crashes, end = driver(LIVES[name], sweep=points, window=WINDOWS[window],
                          timeout=1500, steps=STEPS.get(name, 20000),
                          **LIMITS)
    assert crashes == []
    assert end["last"] > 5000       # so many there are in a start alone


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("name", LIVES)
def test_allocations_fail(driver, name, window):
    sweep(driver, name, window, points=20)


@pytest.mark.slow
@pytest.mark.timeout(1600)
@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("name", LIVES)
def test_most_allocations_fail(driver, name, window):
    sweep(driver, name, window, points=4000)


FROM_PYTHON = """
import os, signal, sys
import _testcapi
import restrict

window, points = int(sys.argv[1]), int(sys.argv[2])
policy = restrict.Policy(memory="32MiB", steps=20000, wall=20)

def life():
    with restrict.Interpreter(policy, functions={"double": double}) as guest:
        guest.run("import json\\nx = json.dumps([1, 'a'])", inputs={"y": 2})
        guest.eval("[double(i) for i in range(9)]")
        try:
            guest.exec("def f(): return g(\\ndef")
        except restrict.GuestError:
            pass
        try:
            guest.exec("while True: pass")
        except restrict.LimitExceeded:
            pass

def double(x):
    return 2 * x

def child(n):
    # 0: nothing was left to fail; 1: something did
    failed = 0
    _testcapi.set_nomemory(n, n + window if window else 0)
    try:
        life()
    except BaseException:
        failed = 1
    finally:
        _testcapi.remove_mem_hooks()
    life()
    return failed

n, ok = 0, 0
stride = max(1, 40000 // points)
while n < 80000:
    pid = os.fork()
    if pid == 0:
        os._exit(child(n))
    status = os.waitpid(pid, 0)[1]
    if os.WIFSIGNALED(status) or os.WEXITSTATUS(status) not in (0, 1):
        print("at", n, "status", status)
    ok += status == 0
    n += stride
print("made it", ok > 0)
"""


@pytest.mark.parametrize("window", [1, 0], ids=WINDOWS)
def test_from_python(python, tmp_path, window):
    """The same over the Python API, where the host's own requests fail too."""
    pytest.importorskip("_testcapi")
    script = tmp_path / "sweep.py"
    script.write_text(FROM_PYTHON)
    done = subprocess.run([python, script, str(window), "60"], text=True,
                          capture_output=True, timeout=280)
    assert done.stdout == "made it True\n", done.stderr[-3000:]


EACH = """
import sys
import _testcapi
import restrict

policy = restrict.Policy(memory="32MiB", cpu=None, wall=None)
failed = 0
for n in range(1, 120):
    with restrict.Interpreter(policy) as guest:
        guest.exec("held = []; d = dict.fromkeys(range(9))")
        guest.exec("def f(): " + sys.argv[1])
        guest.call("f")
        _testcapi.set_nomemory(n, n + 1)
        try:
            guest.call("f")
        except (MemoryError, restrict.GuestError, restrict.LimitExceeded):
            failed += 1
        finally:
            _testcapi.remove_mem_hooks()
print(failed > 0)
"""


@pytest.mark.parametrize("body", [
    # Tuples are taken from a store of free ones: first empty it.
    "held.append([(x, x) for x in d]); return len([x for x in d.items()])",
    "held.append([(x, x) for x in d]); return len([*reversed(d.items())])",
    "return len([*map(str, d), *zip(d, d), *enumerate(d)])",
    "return len({**d, **{str(k): k for k in d}})",
    "return len(f'{d!r:>300}'.split(','))",
    "return len(sorted(d, key=lambda k: (k, [k]), reverse=True))",
    "return len([*(i for i in range(9))])",
    "import string; return len(string.Template('$a').substitute(a=list(d)))",
])
def test_each_allocation(python, body):
    """Those of one call, one after the other."""
    pytest.importorskip("_testcapi")
    done = subprocess.run([python, "-c", EACH, body], text=True,
                          capture_output=True, timeout=200)
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout == "True\n"
