"""What the host calls, or hands to C code to call."""

from __future__ import annotations

from corpus.attack import Attack

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
