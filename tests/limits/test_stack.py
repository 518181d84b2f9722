"""A stack in proportion to the memory cap cannot end before the memory does.

What nests as deep as the guest's memory lets it, and is then walked by C code
that calls itself, takes stack in proportion to that memory.  The proportion
is measured here for the build at hand.
"""

import pytest

BASE = 16 << 20                 # bytes of stack whatever the cap
RATIO = {"release": 2, "debug": 4}      # bytes of stack for one of the cap

# What to build, from what, and what then walks it. Each level costs memory.
SHAPES = {
    "tuple-hash": ("()", "(x,)", "hash(x)"),
    "tuple-dealloc": ("()", "(x,)", "del x"),
    "tuple-eq": ("((), ())", "((x[0],), (x[1],))", "x[0] == x[1]"),
    "list-repr": ("[]", "[x]", "repr(x)"),
    "union-hash": ("int", "list[x] | None", "hash(x)"),
    "alias-hash": ("int", "list[x]", "hash(x)"),
    "slice-hash": ("slice(None)", "slice(x)", "hash(x)"),
    "map": ("iter([1])", "map(abs, x)", "list(x)"),
    "filter": ("iter([1])", "filter(None, x)", "list(x)"),
    "zip": ("iter([1])", "zip(x)", "list(x)"),
    "enumerate": ("iter([1])", "enumerate(x)", "list(x)"),
    "islice": ("iter([1])", "itertools.islice(x, 9)", "list(x)"),
    "chain": ("iter([1])", "itertools.chain(x)", "list(x)"),
    "accumulate": ("iter([1])", "itertools.accumulate(x)", "list(x)"),
    "takewhile": ("iter([1])", "itertools.takewhile(bool, x)", "list(x)"),
    "starmap": ("iter([])", "itertools.starmap(abs, x)", "list(x)"),
    "compress": ("iter([1])", "itertools.compress(x, [1])", "list(x)"),
    "pairwise": ("iter([1])", "itertools.pairwise(x)", "list(x)"),
    "batched": ("iter([1])", "itertools.batched(x, 1)", "list(x)"),
    "yield-from": ("iter([1])", "g(x)", "list(x)"),
    "generator-dealloc": ("None", "started(x)", "del x"),
    "partial": ("list", "partial(x)", "x()"),
    "bound-method": ("abs", "types.MethodType(x, 1)", "hash(x)"),
    "classmethod": ("abs", "classmethod(x)", "x.__get__(1)"),
    "exception": ("None", "caused(x)", "del x"),
    "dict-dealloc": ("{}", "{1: x}", "del x"),
    "frozenset": ("frozenset()", "frozenset([x])", "hash(x)"),
}

GUEST = """
import functools, itertools, types
def g(x): yield from x
def started(x):
    i = h(x); next(i); return i
def h(x):
    yield x
def caused(x):
    e = Exception(); e.__context__ = x; return e
def partial(x):
    p = functools.partial(x); p.own = 1      # or they become one
    return p
x = {start}
for i in range({levels}): x = {level}
try: {walk}
except (RecursionError, MemoryError, TypeError): pass
"""


def run(driver, name, levels):
    """Return what the guest held at most and what stack it touched, bytes."""
    start, level, walk = SHAPES[name]
    source = GUEST.format(start=start, level=level, walk=walk, levels=levels)
    [guest], process = driver(source, stack=1 << 30, timeout=120)
    assert guest["error"] == ""
    return guest["peak"], process["stack"]


@pytest.mark.parametrize("name", SHAPES)
def test_stack_is_in_proportion(driver, name, pytestconfig):
    flavour = pytestconfig.getoption("flavour")
    if flavour not in RATIO:
        pytest.skip("the sanitizer puts space around all that is on the stack")
    memory, stack = run(driver, name, 150000)
    base_memory, base_stack = run(driver, name, 1)
    assert memory - base_memory > 4 << 20       # it did nest
    ratio = (stack - base_stack) / (memory - base_memory)
    print(f"{name}: {ratio:.2f}")
    assert ratio < RATIO[flavour]
    assert base_stack < BASE
