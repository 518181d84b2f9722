"""What guests are refused reaches the host: list, logger, audit event."""

LISTEN = """
import logging, restrict, sys
heard, audited = [], []
class Handler(logging.Handler):
    def emit(self, record):
        heard.append(record.getMessage())
logging.getLogger("restrict.audit").addHandler(Handler())
sys.addaudithook(lambda event, args: audited.append(args)
                 if event == "restrict.denied" else None)
def run(source, **names):
    try:
        restrict.guarded_exec(source, names, names, restrict.safe_builtins())
    except (AttributeError, ImportError, RuntimeError, TypeError) as e:
        return type(e).__name__
"""


def test_every_road_of_the_record(program):
    assert program(LISTEN + """
run("for i in range(1000):\\n"
    " try: object.__subclasses__()\\n"
    " except AttributeError: pass\\nimport math")
import re       # a slow machine may tell of the first ones early
times = [int(re.search(r"\\((\\d+) times", text)[1]) for text in heard]
print(sum(times[:-1]),
      {re.sub(r"\\d+ times", "n", text) for text in heard[:-1]})
print(heard[-1])
print(*sorted(set(audited)), sep="\\n")
print([(d.capability, d.subject, d.count)
       for d in restrict.guarded_denials()])
run("import math")
print(heard[len(times):])
""").splitlines() == [
        "1000 {\"refused attribute 'type.__subclasses__' at <guarded>:2 (n);"
        " to allow: nothing does\"}",
        "refused import 'math' at <guarded>:4 (1 times); to allow: no entry"
        " is known",
        "('attribute', 'type.__subclasses__', '<guarded>:2')",
        "('import', 'math', '<guarded>:4')",
        "[('attribute', 'type.__subclasses__', 1000), ('import', 'math', 1)]",
        "[\"refused import 'math' at <guarded>:1 (1 times); to allow: no entry"
        " is known\"]"]


def test_allowed_code_is_not_recorded(program):
    assert program(LISTEN + """
print(run("x = [len('abc')]\\n__builtins__['len']\\n__builtins__.get('x')"))
print(heard, audited, restrict.guarded_denials())
""") == "None\n[] [] []\n"


def test_a_finalizer_outside_of_any_call(program):
    # Told at a check of the evaluation loop, at the latest when asked for.
    assert program(LISTEN + """
g = {}
restrict.guarded_exec('''
class A:
    def __del__(self): object.__subclasses__()
a = A()
''', g, g, restrict.safe_builtins())
sys.unraisablehook = lambda unraisable: None
del g["a"]
restrict.guarded_denials()
print(heard)
""") == ("[\"refused attribute 'type.__subclasses__' at <guarded>:3 (1 times);"
         " to allow: nothing does\"]\n")


def test_told_soon_without_being_asked(program):
    assert program(LISTEN + """
import time
g = {}
restrict.guarded_exec("def f():\\n try: object.__subclasses__()\\n"
                      " except AttributeError: pass",
                      g, g, restrict.safe_builtins())
end = time.monotonic() + 60
while not heard and time.monotonic() < end:
    g["f"]()
print(len(heard))
""") == "1\n"


def test_a_handler_that_runs_a_guest(program):
    assert program(LISTEN + """
class Again(logging.Handler):
    def emit(self, record):
        run("import again")
logging.getLogger("restrict.audit").addHandler(Again())
run("import math")
restrict.guarded_denials()
print(sorted(d.subject for d in restrict.guarded_denials()))
""") == "['again', 'math']\n"


def test_a_handler_has_the_rights_of_the_host(program):
    # It is called while the guest is on top of the stack.
    assert program(LISTEN + """
import time
class Rights(logging.Handler):
    def emit(self, record):
        rights.append((open.__name__, run.__globals__ is globals()))
rights = []
logging.getLogger("restrict.audit").addHandler(Rights())
run('''
end = clock() + 60
while not rights and clock() < end:
    try: object.__subclasses__()
    except AttributeError: pass
''', clock=time.monotonic, rights=rights)
print(rights[0])
""") == "('open', True)\n"


WRITES = {
    "__builtins__['len'] = 1": "builtins['len'] = ...",
    "del __builtins__['len']": "builtins['len'] = ...",
    "__builtins__.len = 1": "builtins.len = ...",
    "del __builtins__.len": "builtins.len = ...",
    "__builtins__.update(a=1)": "builtins.update",
    "__builtins__.pop('len')": "builtins.pop",
    "__builtins__.popitem()": "builtins.popitem",
    "__builtins__.clear()": "builtins.clear",
    "__builtins__.setdefault('a', 1)": "builtins.setdefault",
    "__builtins__ |= {'a': 1}": "builtins |= ...",
    "__builtins__.__ior__({'a': 1})": "builtins |= ...",
    "__builtins__.__setitem__('a', 1)": "builtins['a'] = ...",
    "setattr(__builtins__, 'a', 1)": "builtins.a = ...",
    "object.__setattr__(__builtins__, 'a', 1)": None,
    "dict.update(__builtins__, a=1)": None,
    "import math": "math",
    "import math.x as y": "math.x",
    "from math import x": "math",
    "__import__('math')": None,         # a NameError: no such name
}


def test_writes_to_builtins_and_imports(program):
    found = program(LISTEN + f"""
for source in {list(WRITES)!r}:
    before = {{d.subject: d.count for d in restrict.guarded_denials()}}
    try:
        run(source)
    except NameError:
        pass
    print([d.subject for d in restrict.guarded_denials()
           if d.count != before.get(d.subject)])
print(restrict.guarded_exec("assert len('a') == 1", {{}}, {{}},
                            restrict.safe_builtins(
                                names={{"AssertionError": AssertionError}})))
""").splitlines()
    assert found == [str([subject] if subject else [])
                     for subject in WRITES.values()] + ["None"]


def test_the_host_gets_the_usual_error_and_no_record(program):
    assert program(LISTEN + """
b = restrict.safe_builtins()
for write in (lambda: b.update(a=1), lambda: b.__setitem__("a", 1)):
    try:
        write()
    except TypeError as e:
        print(e)
print(restrict.guarded_denials())
""") == ("read-only: builtins.update\nread-only: builtins['a'] = ...\n[]\n")


def test_names_that_are_cut(program):
    """A subject is cut to its length between two characters."""
    assert program(LISTEN + """
names = "\u00e9" * 150, "a" + "\u4e2d" * 150, "bb" + "\U00020000" * 150
for name in names:
    print(run("import " + name))
subjects = [d.subject for d in restrict.guarded_denials()]
print([name.startswith(text) for text, name in zip(subjects, names)])
print(len(heard), all(190 < len(text.encode()) < 200 for text in subjects))
""").splitlines() == ["RestrictedImportError"] * 3 + ["[True, True, True]",
                                                      "3 True"]
