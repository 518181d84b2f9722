"""What host and guest share, and what the host does with it."""

from __future__ import annotations

from corpus.attack import Attack, reads

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
    *reads("cached", "cached", "__wrapped__ __dict__"),
    *reads("cached_vars", "vars(cached)", "items"),
    *reads("partial", "part", "__dict__"),
    *reads("super", "super_object", "__self__"),
    *reads("view", "keys", "mapping"),
    *reads("memoryview", "buffer", "obj"),
    *reads("module", "module", "__annotations__"),
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
