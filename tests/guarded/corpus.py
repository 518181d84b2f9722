"""Attacks on guarded mode: what a guest tries, and what it is after.

Each attack is run twice by driver.py: with exec(), where it must succeed --
or the test proves nothing -- and with guarded_exec(), where it must not.  An
attack has succeeded when something is in `loot`.

The guest finds these objects of the host: `helper`, a function with a
closure, defaults and a wrapper; `service`, an instance; `method`, its bound
method; `hidden_append`, a method of a hidden list; `gen`, `coro` and `agen`,
suspended; `module`, a live module; `fail`, a function that raises; `call`, a
function that calls back; `apply`, one that passes arguments; `render`, one
that formats; `Service`, the class; `cached`, an lru_cache; and others.
"""

from __future__ import annotations

from typing import NamedTuple


class Attack(NamedTuple):
    """One attack.

    guest  what runs guarded
    host   what the host does with the guest's namespace `g` afterwards, as a
           program would in good faith
    """

    name: str
    guest: str
    host: str = ""


def _reads(prefix: str, owner: str, names: str) -> list[Attack]:
    """Return attacks that read attributes of an object by name."""
    return [
        Attack(f"{prefix}_{name.strip('_')}", f"loot.append({owner}.{name})")
        for name in names.split()
    ]


READ = [
    *_reads("function", "helper",
            "__globals__ __closure__ __code__ __defaults__ __kwdefaults__"
            " __builtins__ __dict__ __wrapped__"),
    *_reads("method", "method", "__self__ __func__ __globals__ __code__"),
    *_reads("builtin", "hidden_append", "__self__"),
    *_reads("wrapper", "service.__init__", "__self__"),
    *_reads("slotwrapper", "hidden_append.__call__", "__self__ __objclass__"),
    *_reads("descriptor", "str.upper", "__objclass__"),
    *_reads("generator", "gen", "gi_frame gi_code gi_yieldfrom"),
    *_reads("coroutine", "coro", "cr_frame cr_code cr_await"),
    *_reads("asyncgen", "agen", "ag_frame ag_code"),
    *_reads("module", "module",
            "__dict__ __spec__ __loader__ __builtins__"),
    *_reads("static", "Service.__dict__['static']", "__func__ __wrapped__"),
    *_reads("class", "Service.__dict__['make']", "__func__ __wrapped__"),
    *_reads("property", "Service.__dict__['prop']", "fget"),
    *_reads("weakref", "ref", "__callback__"),
    *_reads("partial", "part", "func args keywords"),
]

FRAMES = [
    Attack("traceback_frame", """
try:
    fail()
except Exception as e:
    loot.append(e.__traceback__.tb_next.tb_frame.f_globals)
"""),
    Attack("own_frame_back", """
try:
    1 / 0
except Exception as e:
    loot.append(e.__traceback__.tb_frame.f_back)
"""),
    Attack("exit_traceback", """
class C:
    def __enter__(self): return self
    def __exit__(self, kind, exc, tb):
        loot.append(tb.tb_frame)
        return True
with C():
    fail()
"""),
    Attack("context_frame", """
try:
    try:
        fail()
    except Exception:
        raise KeyError
except KeyError as e:
    loot.append(e.__context__.__traceback__.tb_next.tb_frame.f_locals)
"""),
    Attack("host_with_block", """
class C:
    def __enter__(self): return self
    def __exit__(self, kind, exc, tb):
        loot.append(tb.tb_frame.f_locals)
        return True
""", "with g['C']():\n    1 / 0\n"),
    Attack("generator_of_guest", """
def f(): yield
loot.append(f().gi_frame)
"""),
    Attack("generator_of_guest_by_name", """
def f(): yield
loot.append(getattr(f(), 'gi_' + 'frame').f_back is None)
"""),
    Attack("attribute_error_obj", """
try:
    probe()
except AttributeError as e:
    loot.append(e.obj)
"""),
    Attack("exception_group", """
try:
    raise ExceptionGroup('', [failed])
except* ValueError as e:
    loot.append(e.exceptions[0].__traceback__.tb_frame)
"""),
]

FORWARDED = [
    Attack("getattr", "loot.append(getattr(helper, '__globals__'))"),
    Attack("getattr_computed",
           "loot.append(getattr(helper, '__glo' + 'bals__'))"),
    Attack("str_subclass_name", """
class S(str):
    def startswith(self, other): return False
loot.append(getattr(helper, S('__globals__')))
"""),
    Attack("object_getattribute",
           "loot.append(object.__getattribute__(helper, '__globals__'))"),
    Attack("object_getattribute_wrapped",
           "loot.append(object.__getattribute__(helper, '__wrapped__'))"),
    Attack("object_getattribute_module",
           "loot.append(object.__getattribute__(module, '__spec__'))"),
    Attack("descriptor_get",
           "loot.append(type(helper).__dict__['__globals__']"
           ".__get__(helper))"),
    Attack("descriptor_getset",
           "loot.append(type(helper).__code__.__get__(helper))"),
    Attack("format", "loot.append('SECRET' in "
                     "'{0.__globals__}'.format(helper))"),
    Attack("format_map", "loot.append('SECRET' in "
                         "'{f.__globals__}'.format_map({'f': helper}))"),
    Attack("match", """
match helper:
    case object(__globals__=found):
        loot.append(found)
"""),
    Attack("match_class", """
match helper:
    case Function(__code__=found):
        loot.append(found)
"""),
    Attack("generic_alias",
           "loot.append(type(list[int])(helper, int).__globals__)"),
    Attack("bound_method_forward", "loot.append(method.__globals__)"),
    Attack("weak_proxy", "loot.append(weak.__globals__)"),
    Attack("vars_function", "loot.append(vars(helper))"),
    Attack("vars_module", "loot.append(vars(module))"),
    Attack("hasattr", "loot.append(helper.__globals__) "
                      "if hasattr(helper, '__globals__') else None"),
    Attack("wrapped_called", "loot.append(helper.__wrapped__())"),
    Attack("import_from", "loot.append(helper.__code__.co_consts)"),
    Attack("super_getattribute", """
class M(type(module)): pass
loot.append(super(type(module), module).__getattribute__('__spec__'))
"""),
    Attack("attrgetter",
           "loot.append(attrgetter('__globals__')(helper))"),
    Attack("attrgetter_dotted",
           "loot.append(attrgetter('real.__globals__')(holder))"),
    Attack("comprehension_target", """
[0 for plain_helper.__code__ in [code_without_closure]]
loot.append(1)
"""),
]

REDUCE = [
    Attack("builtin_reduce", "loot.append(hidden_append.__reduce__()[1][0])"),
    Attack("builtin_reduce_ex",
           "loot.append(hidden_append.__reduce_ex__(2)[1][0])"),
    Attack("method_reduce", "loot.append(method.__reduce__()[1][0])"),
    Attack("wrapper_reduce",
           "loot.append(hidden_append.__call__.__reduce__()[1][0])"),
    Attack("object_reduce", "loot.append(service.__reduce_ex__(2))"),
    Attack("object_reduce_unbound",
           "loot.append(object.__reduce_ex__(service, 2))"),
    Attack("partial_reduce", "loot.append(part.__reduce__())"),
]

TYPES = [
    Attack("subclasses", "loot.append(object.__subclasses__())"),
    Attack("subclasses_unbound",
           "loot.append(type.__subclasses__(object))"),
    Attack("subclasses_through_base",
           "loot.append(().__class__.__base__.__subclasses__())"),
    Attack("subclasses_exit",
           "loot.append(BaseException.__subclasses__())"),
    Attack("patch_host_class", """
Service.method = lambda self: 'guest'
loot.append(1)
"""),
    Attack("patch_host_class_by_type", """
type.__setattr__(type(service), 'method', lambda self: 'guest')
loot.append(1)
"""),
    Attack("delete_from_host_class", "del Service.method\nloot.append(1)"),
    Attack("assign_class", """
class Evil(Service): pass
service.__class__ = Evil
loot.append(1)
"""),
    Attack("assign_bases", """
class A: pass
class B(A): pass
class C: pass
B.__bases__ = (C,)
loot.append(1)
"""),
    Attack("mappingproxy_or", """
class Thief:
    def __ror__(self, other):
        loot.append(other) if other is not dict(other) and \
            'thief' not in other else None
        other['thief'] = 1
        if 'thief' in Service.__dict__: loot.append(other)
        return {}
Service.__dict__ | Thief()
loot[:] = [x for x in loot if 'thief' in Service.__dict__]
"""),
    Attack("mappingproxy_eq", """
class Thief:
    def __eq__(self, other):
        other['thief'] = 1
        return True
Service.__dict__ == Thief()
if 'thief' in Service.__dict__: loot.append(1)
"""),
]

BYTECODE = [
    Attack("function_type", """
def f(): return SECRET
F = type(f)
loot.append(F(code_without_closure, {'SECRET': 1}))
"""),
    Attack("function_type_of_code",
           "loot.append(Function(code_without_closure, {}))"),
    Attack("code_type", "loot.append(type(code)(0, 0, 0, 0, 0, 0, b'', (), (),"
                        " (), '', '', '', 0, b'', b''))"),
    Attack("code_replace", "loot.append(code.replace(co_name='x'))"),
    Attack("code_dunder_replace",
           "loot.append(code.__replace__(co_name='x'))"),
    Attack("code_consts", "loot.append(code.co_consts)"),
    Attack("code_bytes", "loot.append(code.co_code)"),
    Attack("set_code", """
def f(): pass
f.__code__ = code_without_closure
loot.append(1)
"""),
    Attack("set_defaults", "helper.__defaults__ = (1,)\nloot.append(1)"),
    Attack("cell", """
def outer():
    x = 1
    def inner(): return x
    return inner
loot.append(cell.cell_contents)
"""),
    Attack("set_cell", "cell.cell_contents = 1\nloot.append(1)"),
    Attack("make_traceback", """
try:
    1 / 0
except Exception as e:
    T = type(e.__traceback__)
    loot.append(T(None, frame, 0, 1))
"""),
]

BUILTINS = [
    Attack("open", "loot.append(open)"),
    Attack("import", "import os\nloot.append(os)"),
    Attack("dunder_import", "loot.append(__import__('os'))"),
    Attack("builtins_item", "loot.append(__builtins__['open'] "
           "if type(__builtins__) is dict else __builtins__.open)"),
    Attack("builtins_of_globals", "loot.append(globals()['__builtins__']"
           "['open'])"),
    Attack("system_exit", "loot.append(SystemExit)"),
    Attack("set_item", """
__builtins__['len'] = lambda x: 'mine'
loot.append(len(()))
"""),
    Attack("update", "__builtins__.update(evil=1)\nloot.append(evil)"),
    Attack("clear", "saved = dict(__builtins__)\n__builtins__.clear()\n"
                    "loot.append(1)\n"),
    Attack("pop", "loot.append(__builtins__.pop('len'))"),
    Attack("inplace_or", "__builtins__ |= {'evil': 1}\nloot.append(evil)"),
    Attack("setdefault", "loot.append(__builtins__.setdefault('evil', 1))"),
    Attack("dict_method", """
dict.update(__builtins__, evil=1)
loot.append(evil)
"""),
    Attack("replace_builtins", """
globals()['__builtins__'] = {'open': 'mine'}
def f(): return open
loot.append(f())
"""),
    Attack("exec_other_globals", """
g2 = {}
exec('x = open', g2)
loot.append(g2['x'])
"""),
    Attack("exec_given_builtins", """
g2 = {'__builtins__': {'open': 1}}
exec('x = open', g2)
loot.append(g2['x'])
"""),
    Attack("eval_given_builtins",
           "loot.append(eval('open', {'__builtins__': {'open': 1}}))"),
    Attack("deleted_builtins_host_exec", "del __builtins__",
           "exec('loot.append(open)', g)"),
    Attack("replaced_builtins_host_exec",
           "globals()['__builtins__'] = {'open': 1}",
           "exec('loot.append(open)', g)"),
    Attack("host_exec_defines", "pass",
           "exec('def f(): return open\\nloot.append(f())', g)"),
    Attack("host_eval", "pass", "loot.append(eval('open', g))"),
    Attack("copied_builtins",
           "copy = {'__builtins__': __builtins__, 'loot': loot}",
           "exec('def f(): return open\\n"
           "globals().pop(\"__builtins__\")\\n"
           "def h(): return open\\nloot.append(h())', g['copy'])"),
]

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


# A host function calls what the guest gave it, or the guest's objects hold it.
CALLED_BACK = [
    Attack(f"apply_{name}", f"loot.append(apply({call}))")
    for name, call in {
        "subclasses": "type.__subclasses__, object",
        "bound_subclasses": "object.__subclasses__",
        "getattribute": "object.__getattribute__, helper, '__globals__'",
        "bound_getattribute": "helper.__getattribute__, '__globals__'",
        "super_getattribute": "super(type(module), module).__getattribute__,"
                              " '__spec__'",
        "module_getattribute": "module.__getattribute__, '__dict__'",
        "descriptor_get": "type(helper).__globals__.__get__, helper",
        "descriptor_type_get": "type(type(helper).__globals__).__get__,"
                               " type(helper).__globals__, helper",
        "attrgetter": "attrgetter('__globals__'), helper",
        "methodcaller": "methodcaller('__subclasses__'), object",
        "methodcaller_getattribute":
            "methodcaller('__getattribute__', '__globals__'), helper",
        "wrapper_call": "object.__getattribute__.__call__, helper,"
                        " '__globals__'",
        "type_call": "type.__call__, type(plain_helper),"
                     " code_without_closure, {}",
        "function_type": "type(plain_helper), code_without_closure, {}",
        "function_new": "type(plain_helper).__new__, type(plain_helper),"
                        " code_without_closure, {}",
        "code_replace": "code.replace",
        "builtin_reduce": "hidden_append.__reduce__",
        "raw_descriptor": "type.__dict__['__subclasses__'], object",
        "generic_alias": "type(list[int])(type.__subclasses__, int), object",
        "method_type": "type(method)(attrgetter('__globals__'), helper)",
        "itself": "apply, type.__subclasses__, object",
    }.items()
] + [
    Attack(f"apply_{name}",
           f"x = apply({call})\nloot.append('SECRET' in x or None)")
    for name, call in {
        "format": "'{0.__globals__}'.format, helper",
        "format_unbound": "str.format, '{0.__globals__}', helper",
        "format_map": "'{x.__globals__}'.format_map, {'x': helper}",
    }.items()
] + [
    Attack("render", "x = render('{0.__globals__}', helper)\n"
                     "loot.append('SECRET' in x or None)"),
    Attack("apply_set_code", """
apply(type(helper).__code__.__set__, plain_helper, code_without_closure)
loot.append(1)
"""),
    Attack("apply_type_setattr", """
apply(type.__setattr__, Service, 'method', 1)
loot.append(1)
"""),
    Attack("apply_mapped", "loot.extend(map(apply, [type.__subclasses__],"
                           " [object]))"),
    Attack("apply_in_list",
           "loot.extend(run_all([(type.__subclasses__, object)]))"),
    Attack("attribute_called", """
class A: pass
a = A()
a.callback = type.__subclasses__
loot.append(fire(a))
"""),
    Attack("attribute_found_and_called", """
class A:
    def __getattr__(self, name): return type.__subclasses__
loot.append(fire(A()))
"""),
    Attack("pipeline_attrgetter",
           "stages = [attrgetter('__globals__'), loot.append]",
           "v = helper\nfor stage in g['stages']:\n    v = stage(v)"),
    Attack("pipeline_subclasses",
           "stages = [type.__subclasses__, loot.append]",
           "v = object\nfor stage in g['stages']:\n    v = stage(v)"),
    Attack("pipeline_format",
           "stages = ['{0.__globals__}'.format,"
           " lambda v: loot.append('SECRET' in v or None)]",
           "v = helper\nfor stage in g['stages']:\n    v = stage(v)"),
    Attack("thread_with_c_callable", "target = attrgetter('__globals__')", """
import threading
def run():
    try:
        loot.append(g['target'](helper))
    except AttributeError:
        pass
thread = threading.Thread(target=run)
thread.start()
thread.join()
"""),
    Attack("metaclass_next", """
class M(type):
    def __iter__(cls): return cls
    __next__ = type.__subclasses__
class A(metaclass=M): pass
m = map(loot.append, A)
""", "next(g['m'])"),
    Attack("singledispatch",
           "loot.append(singledispatch(attrgetter('__globals__'))(helper))"),
    Attack("mappingproxy_eq_host", """
class Thief:
    def __eq__(self, other):
        other['thief'] = 1
        return True
thief = Thief()
""", "Service.__dict__ == g['thief']\n"
     "if 'thief' in Service.__dict__: loot.append(1)"),
    Attack("mappingproxy_or_host", """
class Thief:
    def __ror__(self, other):
        other['thief'] = 1
        return {}
thief = Thief()
""", "Service.__dict__ | g['thief']\n"
     "if 'thief' in Service.__dict__: loot.append(1)"),
    Attack("mappingproxy_or_applied", """
class Thief:
    def __ror__(self, other):
        other['thief'] = 1
        return {}
apply(Service.__dict__.__or__, Thief())
if 'thief' in Service.__dict__: loot.append(1)
"""),
]

# What is shared is not the guest's to take apart, or to change.
SPY = """
class Spy:
    def __eq__(self, other):
        loot.append(other)
        return True
    __lt__ = __gt__ = __eq__
    def __call__(self): pass
spy = Spy()
"""
SHARED = [
    Attack("cell_compared", SPY + "cell == type(cell)(spy)"),
    Attack("cell_ordered", SPY + "cell < type(cell)(spy)"),
    Attack("cell_compared_applied",
           SPY + "apply(cell.__eq__, type(cell)(spy))"),
    Attack("cell_compared_reflected", SPY + "type(cell)(spy) == cell"),
    Attack("method_compared", SPY + "method == type(method)(spy, service)"),
    Attack("method_compared_reflected",
           SPY + "apply(type(method)(spy, service).__eq__, method)"),
    Attack("again_module", "type(module).__init__(module, 'evil')\n"
                           "loot.append(1)"),
    Attack("again_module_applied",
           "apply(type(module).__init__, module, 'evil')\nloot.append(1)"),
    Attack("again_module_later",
           "later = map(type(module).__init__, [module], ['evil'])",
           "next(g['later'])\nloot.append(1)"),
    *_reads("cached", "cached", "__wrapped__ __dict__"),
    *_reads("cached_vars", "vars(cached)", "items"),
    *_reads("partial", "part", "__dict__"),
    *_reads("super", "super_object", "__self__"),
    *_reads("view", "keys", "mapping"),
    *_reads("memoryview", "buffer", "obj"),
    *_reads("module", "module", "__annotations__"),
    *[Attack(f"reduce_{name}", f"loot.append({name}.__reduce__())")
      for name in ("list_iterator", "dict_iterator", "set_iterator",
                   "mapped", "enumerated", "reversed_list", "zipped",
                   "chained")],
    Attack("reduce_iterator_applied",
           "loot.append(apply(list_iterator.__reduce__))"),
    Attack("getstate", "loot.append(helper.__getstate__())"),
    Attack("getstate_unbound", "loot.append(object.__getstate__(helper))"),
    Attack("partial_setstate", """
part.__setstate__((loot.append, (), {}, {}))
loot.append(1)
"""),
    *[Attack(f"set_function_{name.strip('_')}",
             f"plain_helper.{name} = {value}\nloot.append(1)")
      for name, value in {"__name__": "''", "anything": "1",
                          "__wrapped__": "1",
                          "__annotations__": "{}"}.items()],
    Attack("function_annotations",
           "plain_helper.__annotations__['x'] = 1\nloot.append(1)"),
    Attack("class_annotations",
           "Service.__annotations__['x'] = 1\nloot.append(1)"),
    Attack("set_module", "module.anything = 1\nloot.append(1)"),
    Attack("delete_from_module", "del module.dumps\nloot.append(1)"),
    Attack("set_module_by_object", """
type(module).__setattr__(module, 'anything', 1)
loot.append(1)
"""),
    Attack("lazily_made_class", """
Model = make_model()
Model.save = lambda self: 'evil'
loot.append(1)
"""),
    *[Attack(f"again_{name}", f"""
kept = Service.__dict__['{name}']
kept.__init__(lambda *args: 'evil')
loot.append(1)
""") for name in ("prop", "static", "make")],
]


# What the host does in good faith with what it got.
USED = [
    Attack("copy_state_of_class", """
class A:
    def __reduce_ex__(self, protocol):
        return (lambda: Service), (), (None, {'method': lambda self: 'evil'})
a = A()
""", "copy.copy(g['a'])\nif service.method() == 'evil': loot.append(1)"),
    Attack("copy_state_of_function", """
class A:
    def __reduce_ex__(self, protocol):
        return (lambda: plain_helper), (), {'evil': 1}
a = A()
""", "copy.copy(g['a'])\nif hasattr(plain_helper, 'evil'): loot.append(1)"),
    Attack("copy_host_instance", """
service.__reduce_ex__ = lambda protocol: (
    (lambda: Service), (), (None, {'method': lambda self: 'evil'}))
""", "copy.copy(service)\nif service.method() == 'evil': loot.append(1)"),
    Attack("copy_makes_function", """
class A:
    def __reduce_ex__(self, protocol):
        return type(lambda: 0), (compile('x = open', '', 'exec'), {})
a = A()
""", "f = copy.copy(g['a'])\nf()\nloot.append(f.__globals__['x'])"),
    Attack("copy_makes_code", """
class A:
    def __reduce_ex__(self, protocol):
        return type(compile('', '', 'exec')), (
            0, 0, 0, 0, 0, 0, b'', (), (), (), '', '', '', 0, b'', b'')
a = A()
""", "loot.append(copy.copy(g['a']))"),
    Attack("type_hints", "def f(x: 'loot.append(open)'): pass",
           "import typing\ntyping.get_type_hints(g['f'])"),
    Attack("signature", """
def f(x): pass
f.__annotations__ = {'x': 'loot.append(open)'}
""", "import inspect\ninspect.signature(g['f'], eval_str=True)"),
    Attack("trace_function", """
def trace(frame, event, arg): loot.append(frame.f_globals)
""", """
import sys
def traced(): pass
sys.settrace(g['trace'])
try:
    traced()
except AttributeError:
    pass
finally:
    sys.settrace(None)
"""),
    Attack("formatted_traceback", """
class A:
    def __dir__(self):
        loot.append(open)
        return []
a = A()
""", "import traceback\ntry:\n    g['a'].missing\n"
     "except AttributeError as e:\n    traceback.format_exception(e)"),
    Attack("json", """
class A(dict):
    def items(self):
        loot.append(open)
        return []
a = A(x=1)
""", "import json\njson.dumps(g['a'], indent=1)"),
    Attack("asyncgen_hook", """
async def f():
    try:
        yield 1
    finally:
        loot.append(open)
a = f()
""", """
import sys
kept = []
sys.set_asyncgen_hooks(finalizer=kept.append)
try:
    g['a'].asend(None).send(None)
except StopIteration:
    pass
del g['a']
try:
    kept[0].aclose().send(None)
except StopIteration:
    pass
"""),
    Attack("awaited", "async def main(): loot.append(coro.cr_frame)\n"
                      "c = main()", "g['c'].send(None)"),
    Attack("context_run", "def f(): loot.append(open)",
           "import contextvars\ncontextvars.copy_context().run(g['f'])"),
    Attack("thread_with_function", "def f(): loot.append(open)", """
import threading
threading.excepthook = lambda args: None
thread = threading.Thread(target=g['f'])
thread.start()
thread.join()
"""),
    Attack("thread_pool", "f = attrgetter('__globals__')", """
from concurrent.futures import ThreadPoolExecutor
with ThreadPoolExecutor(1) as pool:
    loot.append(pool.submit(g['f'], helper).result())
"""),
    Attack("thread_without_frame",
           "f = partial(eval, 'loot.append(open)', globals())", """
import _thread, sys, threading
sys.unraisablehook = lambda unraisable: done.set()
done = threading.Event()
m = map(lambda x: done.set(), iter(g['f'], 0))
_thread.start_new_thread(next, (m,))
done.wait(60)
"""),
    Attack("thread_exec", "", """
import threading
threading.excepthook = lambda args: None
thread = threading.Thread(target=exec, args=('loot.append(open)', g))
thread.start()
thread.join()
"""),
    Attack("type_alias", "type X = loot.append(open)", "g['X'].__value__"),
    Attack("type_bound", "def f[T: loot.append(open)](): pass",
           "g['f'].__type_params__[0].__bound__"),
    Attack("set_name", """
class D:
    def __set_name__(self, owner, name): loot.append(open)
space = {'d': D()}
""", "type('B', (), g['space'])"),
    Attack("subclass_by_type", """
class A:
    def __init_subclass__(cls): loot.append(open)
""", "type('B', (g['A'],), {})"),
    Attack("prepare", """
class M(type):
    @classmethod
    def __prepare__(meta, *args):
        loot.append(open)
        return {}
""", "class X(metaclass=g['M']): pass"),
    Attack("match_property", """
class A:
    __match_args__ = ('x',)
    @property
    def x(self): loot.append(open)
a = A()
""", "A = g['A']\nmatch g['a']:\n    case A(y): pass"),
    Attack("instance_check", """
class M(type):
    def __instancecheck__(cls, obj): loot.append(open)
class X(metaclass=M): pass
""", "isinstance(1, g['X'])"),
    Attack("buffer", """
class A:
    def __buffer__(self, flags):
        loot.append(open)
        return memoryview(b'')
a = A()
""", "bytes(g['a'])"),
    Attack("group_derive", """
class G(ExceptionGroup):
    def derive(self, excs): loot.append(open)
e = G('', [ValueError(), KeyError()])
""", "try:\n    raise g['e']\nexcept* ValueError:\n    pass"),
    Attack("half_consumed", """
def f():
    yield 1
    loot.append(open)
    yield 2
it = f()
next(it)
""", "next(g['it'])"),
]

ATTACKS = [*READ, *FRAMES, *FORWARDED, *REDUCE, *TYPES, *BYTECODE, *BUILTINS,
           *LATER, *CALLED_BACK, *SHARED, *USED]
