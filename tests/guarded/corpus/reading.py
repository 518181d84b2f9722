"""What can be read of the host's objects, by whatever way."""

from __future__ import annotations

from corpus.attack import Attack, reads

READ = [
    *reads("function", "helper",
            "__globals__ __closure__ __code__ __defaults__ __kwdefaults__"
            " __builtins__ __dict__ __wrapped__"),
    *reads("method", "method", "__self__ __func__ __globals__ __code__"),
    *reads("builtin", "hidden_append", "__self__"),
    *reads("wrapper", "service.__init__", "__self__"),
    *reads("slotwrapper", "hidden_append.__call__", "__self__ __objclass__"),
    *reads("descriptor", "str.upper", "__objclass__"),
    *reads("generator", "gen", "gi_frame gi_code gi_yieldfrom"),
    *reads("coroutine", "coro", "cr_frame cr_code cr_await"),
    *reads("asyncgen", "agen", "ag_frame ag_code"),
    *reads("module", "module",
            "__dict__ __spec__ __loader__ __builtins__"),
    *reads("static", "Service.__dict__['static']", "__func__ __wrapped__"),
    *reads("class", "Service.__dict__['make']", "__func__ __wrapped__"),
    *reads("property", "Service.__dict__['prop']", "fget"),
    *reads("weakref", "ref", "__callback__"),
    *reads("partial", "part", "func args keywords"),
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
