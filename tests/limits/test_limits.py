"""Each limit by itself: what it counts, how it ends the guest."""

import pytest

LOOP = "while True: pass"
STUBBORN = """
def f():
    while True:
        try:
            while True: pass
        except BaseException: print('survived')
        finally: print('survived')
f()
"""


@pytest.mark.parametrize("limit, value", [
    ("cpu", 0.2), ("wall", 0.2), ("steps", 10000), ("cancel", 0.2)])
def test_stops(driver, limit, value):
    [guest], _ = driver(STUBBORN, **{limit: value})
    assert guest["hit"] == limit
    assert guest["error"] == "Stopped"
    assert guest["stdout"] == ""


@pytest.mark.parametrize("limit, value", [
    ("cpu", 100), ("wall", 100), ("steps", 10**12), ("output", 1000),
    ("memory", 1 << 30)])
def test_leaves_alone(driver, limit, value):
    [guest], _ = driver("print(sum(range(1000)))", **{limit: value})
    assert guest["hit"] == "" and guest["error"] == ""
    assert guest["stdout"] == "499500\n"


def test_no_limits(driver):
    [guest], _ = driver("x = [i for i in range(100000)]")
    assert (guest["hit"], guest["error"], guest["steps"]) == ("", "", 0)


def test_cpu_does_not_count_waiting(driver):
    [guest], _ = driver("import time; time.sleep(0.5)", cpu=0.3, wall=60)
    assert guest["hit"] == ""
    assert guest["cpu"] < 0.3
    assert guest["wall"] >= 0.5


def test_usage_counts_time_without_a_cap(driver):
    """An embedder that sets no clock cap still learns what a guest used."""
    [guest], _ = driver("import time\nsum(range(10**6))\ntime.sleep(0.2)")
    assert guest["wall"] >= 0.2
    assert 0 < guest["cpu"] < guest["wall"]


def test_first_limit_is_named(driver):
    [guest], _ = driver(LOOP, cpu=50, wall=0.1)
    assert guest["hit"] == "wall"


# --- Output -----------------------------------------------------------------

def test_output(driver):
    [guest], _ = driver("while True: print('0123456789')", output=1000)
    assert guest["hit"] == "output"
    assert guest["output"] == 1000


def test_output_is_kept_to_the_byte(driver):
    [guest], _ = driver("import sys\nsys.stdout.write('a' * 50)\n"
                        "sys.stdout.write('b' * 100)", output=100)
    assert guest["stdout"] == "a" * 50 + "b" * 50


def test_output_cannot_be_caught(driver):
    [guest], _ = driver("try: print('x' * 100)\n"
                        "except BaseException: print('y')", output=10)
    assert guest["stdout"] == "x" * 10


# --- Steps ------------------------------------------------------------------

COUNTED = [
    ("x = 1", 1),                                   # the module is a call
    ("for i in range(10): pass", 11),
    ("i = 0\nwhile i < 10: i += 1", None),
    ("def f(): pass\nfor i in range(10): f()", 21),
    ("class C:\n    def __add__(s, o): return s\n"
     "c = C()\nfor i in range(100): c + c", None),
    ("len([len(str(i)) for i in range(100)])", 101),
]


@pytest.mark.parametrize("source, steps", COUNTED)
def test_steps_are_counted(driver, source, steps):
    [guest], _ = driver(source, steps=10**6)
    [again], _ = driver(source, steps=10**6)
    assert guest["steps"] == again["steps"] > 0
    if steps is not None:
        assert guest["steps"] == steps


def test_steps_do_not_depend_on_specialization(driver):
    """The hundredth call of a function costs what the first one did."""
    source = """
class P:
    @property
    def x(self): return 1
    def __getitem__(self, i): return i
    def __init__(self): self.y = 1
def g():
    yield 1
    yield 2
def f():
    p = P()
    for i in g(): p.x; p[i]; len([1]); isinstance(p, P)
%s
"""
    counts = []
    for n in (1, 2, 101):
        [guest], _ = driver(source % ("f()\n" * n), steps=10**6)
        counts.append(guest["steps"])
    once = counts[1] - counts[0]
    assert counts[2] == counts[0] + 100 * once


def test_stops_at_the_exact_step(driver):
    source = "i = 0\nwhile True:\n    i += 1\n    print(i)"
    [guest], _ = driver(source, steps=10)
    assert guest["hit"] == "steps" and guest["steps"] == 10
    assert guest["stdout"].split("\n")[-2] == "10"


# --- Recursion --------------------------------------------------------------

RECURSIONS = {
    "throw-in-init": """
class E(Exception):
    def __init__(self):
        try: g().throw(E)
        finally: g().throw(E)
def g(): yield
x = g(); x.throw(E)
""",
    "init-recurses": """
def g():
    try: yield
    except BaseException: pass
class E(Exception):
    def __init__(self): E()
x = g(); next(x)
x.throw(E)
""",
    "repr": "l = []\nfor i in range(200000): l = [l]\nrepr(l)",
    "eq": "a = b = ()\nfor i in range(200000): a, b = (a,), (b,)\na == b",
    "hash": "t = ()\nfor i in range(200000): t = (t,)\nhash(t)",
    "map": "m = iter([1])\nfor i in range(100000): m = map(abs, m)\nlist(m)",
    "filter": "m = iter([1])\n"
              "for i in range(100000): m = filter(None, m)\nlist(m)",
    "zip": "m = iter([1])\nfor i in range(100000): m = zip(m)\nlist(m)",
    "chain": "import itertools\nm = iter([1])\n"
             "for i in range(100000): m = itertools.chain(m)\nlist(m)",
    "islice": "import itertools\nm = iter([1])\n"
              "for i in range(100000): m = itertools.islice(m, 9)\nlist(m)",
    "accumulate": "import itertools\nm = iter([1])\n"
                  "for i in range(100000): m = itertools.accumulate(m)\n"
                  "list(m)",
    "partial": "import functools\np = abs\n"
               "for i in range(100000):\n"
               "    q = functools.partial(abs); q.func\n"
               "    p = functools.partial(lambda f: f, p)\np()",
    "generators": "def g(x): yield from x\nm = iter([1])\n"
                  "for i in range(100000): m = g(m)\nlist(m)",
    "generators-started": "def g(x):\n    if x: next(x)\n    yield x\n"
                          "m = None\nfor i in range(100000): m = g(m)\ndel m",
    "generic-alias": "t = list[int]\n"
                     "for i in range(100000): t = list[t]\nhash(t)",
    "slice": "s = slice(None)\n"
             "for i in range(100000): s = slice(s)\nhash(s)",
    "classmethod": "c = abs\nfor i in range(100000): c = classmethod(c)\n"
                   "class C: pass\nc.__get__(C())",
    "method": "class C:\n    def __call__(s): pass\n"
              "C.__call__ = C()\nC()()",
    "ast": "compile('(' * 100 + '1' + ')' * 100, '', 'exec')\n"
           "compile('-' * 100000 + '1', '', 'exec')",
    "ast-binop": "compile('+'.join(['1'] * 100000), '', 'eval')",
    "ast-attribute": "compile('a' + '.a' * 100000, '', 'eval')",
    "regex": "import re\nre.compile('(' * 5000 + ')' * 5000)",
    "json": "import json\njson.loads('[' * 200000)",
    "json-dump": "import json\nl = []\nfor i in range(200000): l = [l]\n"
                 "json.dumps(l)",
    "deepcopy": "import copy\nl = []\nfor i in range(200000): l = [l]\n"
                "copy.deepcopy(l)",
    "pickle": "import pickle\nl = []\nfor i in range(200000): l = [l]\n"
              "pickle.dumps(l)",
    "isinstance": "t = int\nfor i in range(200000): t = (t,)\n"
                  "isinstance('', t)",
    "getattr": "class C:\n"
               "    def __getattr__(s, n): return getattr(s, n + 'a')"
               "\nC().a",
    "str-format": "class C:\n    def __format__(s, f): return f'{s:a}'\n"
                  "f'{C()}'",
    "exceptions": "e = None\nfor i in range(100000):\n    n = Exception()\n"
                  "    n.__context__ = e; e = n\nraise e",
    "exception-groups": "e = ValueError()\nfor i in range(100000):\n"
                        "    e = ExceptionGroup('', [e])\n"
                        "e.split(ValueError)",
    "dealloc": "l = []\nfor i in range(1000000): l = [l]\ndel l",
    "bool": "class C:\n    def __bool__(s): return not s\nnot C()",
    "hash-self": "class C:\n    def __hash__(s): return hash((s,))\n"
                 "hash(C())",
    "mro": "class M(type):\n    def mro(c): return M('x', (), {}).mro()\n"
           "class C(metaclass=M): pass",
}


@pytest.mark.parametrize("name", RECURSIONS)
def test_recursion(driver, name):
    """A RecursionError, a MemoryError, a stop or an answer; never a signal."""
    driver(RECURSIONS[name], memory=64 << 20, wall=20,
           stack=(16 << 20) + 2 * (64 << 20), timeout=120)


# --- The end ----------------------------------------------------------------

def test_nothing_runs_at_the_end(driver):
    source = """
import atexit, weakref
class C:
    def __del__(self): print('survived')
def callback(*a): print('survived')
atexit.register(callback)
c = C(); d = C(); r = weakref.ref(d, callback)
def g():
    try: yield
    finally: print('survived')
x = g(); next(x)
while True: pass
"""
    [guest], _ = driver(source, wall=0.1)
    assert guest["hit"] == "wall"
    assert guest["stdout"] == ""
    assert guest["end"] < 2


def test_stopped_while_sorting(driver):
    """A build with assertions compares again what sort() compared."""
    [guest], _ = driver(
        "import random\n"
        "x = [str(i) for i in range(20000)]\n"
        "random.Random(1).shuffle(x)\n"
        "while True: sorted(x), sorted(map(int, x)), sorted(map(float, x))",
        cpu=1, wall=50)
    assert guest["hit"] in ("cpu", "wall") and guest["stdout"] == ""


# --- What the C library puts on the stack ------------------------------------

@pytest.mark.parametrize("source", [
    "time.strftime('%Z' * 20_000_000, (2000, 1, 1, 0, 0, 0, 0, 1, -1))",
    "time.strftime('%Z', time.struct_time(\n"
    "    (2000, 1, 1, 0, 0, 0, 0, 1, 0, 'x' * 100_000_000, 0)))",
    "datetime.date(2000, 1, 1).strftime('%Z' * 20_000_000)",
])
def test_strftime_of_endless_zones(driver, source):
    """It would take more stack than there is, at once or in small pieces."""
    [guest], _ = driver(f"""
import datetime, time
try:
    {source}
except ValueError as error:
    print(error)
print(time.strftime('%Y %j', (2000, 1, 1, 0, 0, 0, 0, 1, -1)))
""", memory=512 << 20)
    assert guest["hit"] == ""
    assert guest["stdout"].endswith("too long\n2000 001\n")
