"""What runs later, when the host uses it."""

from __future__ import annotations

from corpus.attack import Attack

# A C callable that takes whatever it is given, and steals.
STEAL = ("partial(next, map(loot.append, "
         "map(getattr, [helper], ['__globals__'])))")

LATER = [
    Attack("lazy_map_subclasses",
           "m = map(loot.append, map(type.__subclasses__, [object]))",
           "list(g['m'])"),
    Attack("lazy_map_getattr",
           "m = map(loot.append, map(getattr, [helper], ['__globals__']))",
           "list(g['m'])"),
    Attack("lazy_filter", """
def keep(x): loot.append(x)
m = filter(keep, map(getattr, [helper], ['__globals__']))
""", "list(g['m'])"),
    Attack("lazy_nested_map", """
inner = map(map, [getattr], [[helper]], [['__globals__']])
m = map(loot.extend, inner)
""", "list(g['m'])"),
    Attack("lazy_globals", "m = map(loot.append, iter(globals, None))",
           "next(g['m'])"),
    Attack("lazy_eval", "cb = partial(eval, 'loot.append(open)')",
           "g['cb']()"),
    Attack("key_eval", "key = eval\nnames = ['loot.append(open) or 0']",
           "sorted(g['names'], key=g['key'])"),
    Attack("key_exec", "key = exec\nnames = ['loot.append(open)']",
           "max(g['names'], key=g['key'])"),
    Attack("partial_subclasses",
           "cb = partial(map, loot.append, "
           "map(type.__subclasses__, [object]))",
           "list(g['cb']())"),
    Attack("finalizer_python", """
class A:
    def __del__(self): loot.append(open)
a = A()
""", "del g['a']"),
    Attack("finalizer_partial", """
class A:
    __del__ = partial(eval, 'loot.append(open)')
a = A()
""", "del g['a']"),
    Attack("comparison_c", f"""
class A:
    __lt__ = {STEAL}
a = A()
""", "try:\n    g['a'] < 1\nexcept Exception:\n    pass"),
    Attack("comparison_capture", """
class A:
    def __eq__(self, other):
        loot.append(other.__globals__)
a = A()
""", "helper == g['a']"),
    Attack("assigned_special_method", """
class A: pass
A.__len__ = partial(eval, 'loot.append(open) or 0')
a = A()
""", "try:\n    len(g['a'])\nexcept Exception:\n    pass"),
    Attack("weakref_callback_python", """
class A: pass
a = A()
ref2 = make_ref(a, lambda r: loot.append(open))
""", "del g['a']"),
    Attack("weakref_callback_c", f"""
class A: pass
a = A()
ref2 = make_ref(a, {STEAL})
""", "del g['a']"),
    Attack("default_factory",
           "d = defaultdict(lambda: loot.append(open))", "g['d'][1]"),
    Attack("default_factory_c",
           "d = defaultdict(partial(eval, 'loot.append(open)'))",
           "g['d'][1]"),
    Attack("property_c", f"""
class A:
    x = property({STEAL})
a = A()
""", "try:\n    g['a'].x\nexcept Exception:\n    pass"),
    Attack("property_python", """
class A:
    @property
    def x(self): loot.append(open)
a = A()
""", "g['a'].x"),
    Attack("repr", """
class A:
    def __repr__(self): loot.append(open); return ''
a = A()
""", "repr(g['a'])"),
    Attack("metaclass", """
class M(type):
    def __call__(cls): loot.append(open)
class A(metaclass=M): pass
""", "g['A']()"),
    Attack("generator", """
def f():
    yield
    loot.append(open)
it = f()
next(it)
""", "list(g['it'])"),
    Attack("coroutine", """
async def f(): loot.append(open)
c = f()
""", "try:\n    g['c'].send(None)\nexcept StopIteration:\n    pass"),
    Attack("async_generator", """
async def f():
    yield open
c = f()
""", """
try:
    g['c'].asend(None).send(None)
except StopIteration as e:
    loot.append(e.value)
"""),
    Attack("generator_finally", """
def f():
    try:
        yield
    finally:
        loot.append(open)
it = f()
next(it)
""", "del g['it']"),
    Attack("callback_from_host", "call(lambda: loot.append(open))"),
    Attack("descriptor", """
class D:
    def __get__(self, obj, cls): loot.append(open)
class A:
    x = D()
a = A()
""", "g['a'].x"),
    Attack("decorator_class", """
class A:
    def __init_subclass__(cls): loot.append(open)
""", "class B(g['A']):\n    pass"),
    Attack("sort_key", "key = lambda x: loot.append(open) or 0",
           "sorted([1, 2], key=g['key'])"),
    Attack("context_manager", """
class A:
    def __enter__(self): loot.append(open)
    def __exit__(self, *args): pass
a = A()
""", "with g['a']:\n    pass"),
    Attack("lambda", "f = lambda: open", "loot.append(g['f']())"),
    Attack("format_spec", """
class A:
    def __format__(self, spec): loot.append(open); return ''
a = A()
""", "f\"{g['a']}\""),
    Attack("super_on_host_frame",
           "m = map(loot.append, iter(super, None))",
           "class H:\n    def f(self):\n        __class__\n"
           "        next(g['m'])\nH().f()"),
    Attack("accumulate",
           "m = accumulate([0, 'loot.append(open)'], "
           "lambda a, b: eval(b))",
           "list(g['m'])"),
    Attack("takewhile_c", "m = takewhile(eval, ['loot.append(open)'])",
           "list(g['m'])"),
    Attack("starmap_c",
           "m = map(loot.append, starmap(getattr, "
           "[(helper, '__globals__')]))",
           "list(g['m'])"),
    Attack("lru_cache_c",
           "f = lru_cache(1)(partial(eval, 'loot.append(open)'))",
           "g['f']()"),
    Attack("guarded_exec_itself",
           "low_level('loot.append(open)', {}, {}, {'loot': loot,"
           " 'open': 1})"),
    Attack("deepcopy_reduce", """
class A:
    def __reduce_ex__(self, p): loot.append(open); return (int, ())
a = A()
""", "copy.deepcopy(g['a'])"),
]
