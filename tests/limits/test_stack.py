"""What nests as deep as the guest's memory lets it takes a bounded stack.

C code that calls itself once for each level of what it walks counts the
levels, and ends in a RecursionError; objects that end with the one that holds
them wait for their turn.  So the stack that any thread has is enough.
"""

import pytest

# Bytes that recursion in C takes at most. The sanitizer puts space around all
# that is on the stack.
BOUND = {"release": 6 << 20, "debug": 6 << 20, "asan": 64 << 20}
LEVELS = 150000

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
    "cycle": ("iter([1])", "itertools.cycle(x)", "next(x)"),
    "dropwhile": ("iter([1])", "itertools.dropwhile(abs, x)", "list(x)"),
    "filterfalse": ("iter([1])", "itertools.filterfalse(abs, x)", "list(x)"),
    "groupby": ("iter([1])", "itertools.groupby(x)", "list(x)"),
    "grouper": ("iter([1])", "next(itertools.groupby(x, abs))[1]", "list(x)"),
    "tee": ("iter([1])", "itertools.tee(map(abs, x))[0]", "list(x)"),
    "zip-longest": ("iter([1])", "itertools.zip_longest(x)", "list(x)"),
    "anext": ("Step()", "Step(anext(x, 1))", "x.__anext__().send(None)"),
    "weakref": ("kept(Step())", "kept(Reference(x))", "hash(x)"),
    "method-attribute": ("abs", "types.MethodType(x, 1)", "x.missing"),
    "alias-attribute": ("int", "types.GenericAlias(x, int)", "x.missing"),
    "proxy-length": ("{}", "types.MappingProxyType(x)", "len(x)"),
    "proxy-item": ("{}", "types.MappingProxyType(x)", "x[1]"),
    "proxy-contains": ("{}", "types.MappingProxyType(x)", "1 in x"),
    "proxy-iter": ("{}", "types.MappingProxyType(x)", "iter(x)"),
    "proxy-or": ("{}", "types.MappingProxyType(x)", "x | {}"),
    "proxy-hash": ("{}", "types.MappingProxyType(x)", "hash(x)"),
    "proxy-dealloc": ("{}", "types.MappingProxyType(x)", "del x"),
    "property-dealloc": ("None", "property(x)", "del x"),
    "cell-dealloc": ("None", "closure(x)", "del x"),
    "slots-dealloc": ("None", "Step(x)", "del x"),
    "deque-dealloc": ("None", "collections.deque([x])", "del x"),
    "finalizer": ("None", "Final(x)", "del x"),
    "frozenset": ("frozenset()", "frozenset([x])", "hash(x)"),
}

GUEST = """
import collections, functools, itertools, types, weakref
class Step:
    __slots__ = "step", "__weakref__"
    def __init__(self, step=None): self.step = step
    def __anext__(self): return self.step
class Final:
    def __init__(self, x): self.x = x
    def __del__(self): pass
keep = []
class Reference(weakref.ref): pass
def closure(x): return lambda: x
def kept(x):
    keep.append(x); return x
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
except (RecursionError, MemoryError, TypeError, AttributeError, KeyError): pass
"""


def run(driver, name, levels):
    """Return what the guest held at most and what stack it touched, bytes."""
    start, level, walk = SHAPES[name]
    source = GUEST.format(start=start, level=level, walk=walk, levels=levels)
    [guest], process = driver(source, stack=1 << 30, timeout=120)
    assert guest["error"] == ""
    return guest["peak"], process["stack"]


@pytest.mark.parametrize("name", SHAPES)
def test_stack_is_bounded(driver, name, pytestconfig):
    memory, stack = run(driver, name, LEVELS)
    base_memory, base_stack = run(driver, name, 1)
    assert memory - base_memory > 4 << 20       # it did nest
    print(f"{name}: {(stack - base_stack) / 1024:.0f} KiB")
    assert stack - base_stack < BOUND[pytestconfig.getoption("flavour")]
