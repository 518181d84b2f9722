"""What can be made: classes, code, builtins of one's own."""

from __future__ import annotations

from corpus.attack import Attack

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
