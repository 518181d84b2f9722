"""Any allocation of a guest may fail: the process lives."""

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
}


@pytest.mark.slow
@pytest.mark.parametrize("name", LIVES)
@pytest.mark.parametrize("window", [1, 10**9], ids=["one", "all-from"])
def test_allocations_fail(driver, name, window, slow_build):
    """One after the other, and all from one on."""
    stride = 97 if name == "import" else 7
    crashes, end = driver(LIVES[name], sweep=600, stride=stride,
                          window=window, steps=100000, timeout=290)
    assert crashes == []
    assert end["last"] > 100
