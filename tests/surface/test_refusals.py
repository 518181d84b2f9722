"""What the table refuses raises, through every road, and is recorded.

Each case runs trusted first, where the same code must reach the attribute:
no verdict here can hold because of a typing mistake.
"""

import json
import subprocess

import pytest

SETUP = """
import sys, types, operator
def function(a=1, *, b=2):
    return a
def make_closure():
    hidden = 1
    def inner():
        return hidden
    return inner
closure = make_closure()
def generator():
    yield 1
async def coroutine():
    pass
async def async_generator():
    yield 1
def frame():
    try:
        raise ValueError
    except ValueError as error:
        return error.__traceback__.tb_frame
awaitable = coroutine()
awaitable.close()
"""

# An expression for an object, and the attribute of it that is refused.
ATTRIBUTES = [
    ("int", "__subclasses__"),
    ("function", "__globals__"),
    ("closure", "__closure__"),
    ("function", "__builtins__"),
    ("function.__code__", "replace"),
    ("function.__code__", "__replace__"),
    ("generator()", "gi_frame"),
    ("generator()", "gi_code"),
    ("generator()", "gi_yieldfrom"),
    ("awaitable", "cr_frame"),
    ("awaitable", "cr_code"),
    ("awaitable", "cr_await"),
    ("awaitable", "cr_origin"),
    ("async_generator()", "ag_frame"),
    ("async_generator()", "ag_code"),
    ("async_generator()", "ag_await"),
    ("frame()", "f_back"),
    ("frame()", "f_globals"),
    ("frame()", "f_builtins"),
    ("frame()", "f_locals"),
    ("frame()", "f_trace"),
    ("frame()", "f_trace_lines"),
    ("frame()", "f_trace_opcodes"),
    ("types.CellType(1)", "cell_contents"),
    ("function.__code__", "__new__"),
    ("[].append", "__self__"),
    ("(1).__add__", "__self__"),
]

# What reaches {o}.{a}; the outcome of each must be a refusal.
ROADS = {
    "attribute": "{o}.{a}",
    "getattr": "getattr({o}, '{a}')",
    "getattr with default": "getattr({o}, '{a}', 'default') == 'default' "
                            "and refuse()",
    "hasattr": "hasattr({o}, '{a}') or refuse()",
    "format": "'{{0.{a}}}'.format({o})",
    "f-string": "f'{{({o}).{a}}}'",
    "attrgetter": "operator.attrgetter('{a}')({o})",
    "object": "object.__getattribute__({o}, '{a}')",
    "type's dict": "type({o}).__dict__['{a}'].__get__({o})",
    "type's dict, with type": "type({o}).__dict__['{a}']"
                              ".__get__({o}, type({o}))",
    "map": "list(map(operator.attrgetter('{a}'), [{o}]))",
    "sorted": "sorted([{o}], key=operator.attrgetter('{a}'))",
    "match": "matched({o}, '{a}') or refuse()",
}

PROGRAM = """
class Refused(Exception):
    pass
def refuse():
    raise Refused
def matched(value, name):
    scope = {{"value": value}}
    exec("match value:\\n"
         "    case object(" + name + "=found): result = True\\n"
         "    case _: result = False", scope)
    return scope["result"]
def once():
    return {road}
outcomes = set()
for _ in range({times}):
    try:
        once()
        outcomes.add("reached")
    except Refused:
        outcomes.add("refused")
    except BaseException as error:
        outcomes.add(type(error).__name__)
outcome = sorted(outcomes)
"""


def run(python, source, restricted):
    """Return the value that source leaves in `outcome`, from a process."""
    if restricted:
        script = ("import restrict, sys, json\n"
                  "policy = restrict.Policy(cpu=None, wall=None)\n"
                  "result = restrict.run(sys.stdin.read() + '\\noutcome', "
                  "policy)\n"
                  "print(json.dumps([result.value, sum(d.count for d in "
                  "result.denials)]))")
    else:
        script = ("import sys, json\n"
                  "scope = {}\n"
                  "exec(sys.stdin.read(), scope)\n"
                  "print(json.dumps([scope['outcome'], 0]))")
    done = subprocess.run([python, "-c", script], input=source, text=True,
                          capture_output=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def program(target, attribute, road, times):
    return SETUP + PROGRAM.format(
        road=ROADS[road].format(o=target, a=attribute), attribute=attribute,
        times=times)


# A specialised opcode is in place after a few runs.
WARM = 10_000


def test_every_row_is_here(python):
    done = subprocess.run(
        [python, "-m", "restrict", "surface", "--list", "--json"],
        capture_output=True, text=True, check=True)
    refused = {(row["owner"], row["name"]) for row in json.loads(done.stdout)
               if row["kind"] == "type" and row["verdict"] == "refuse"
               # What takes a grant of the network is refused in tests/net.
               and not row["owner"].startswith("_ssl.")}
    source = SETUP + f"""
def owner(value, name):
    return next(kind.__name__ for kind in type(value).__mro__
                if name in kind.__dict__)
outcome = [owner(value, name) for value, name in [
    {", ".join(f"({o}, '{a}')" for o, a in ATTRIBUTES)}]]
"""
    owners, _ = run(python, source, restricted=True)
    assert refused == {(owner, attribute) for owner, (_, attribute)
                       in zip(owners, ATTRIBUTES, strict=True)}


@pytest.mark.parametrize("target, attribute", ATTRIBUTES,
                         ids=[f"{o}.{a}" for o, a in ATTRIBUTES])
def test_every_road(python, target, attribute):
    """A road that was taken 10,000 times is no shorter."""
    # What makes objects is a function: it has no __get__.
    roads = [road for road in ROADS
             if not (attribute == "__new__" and road.startswith("type's"))]
    source = "all_outcomes = {}\n" + SETUP
    for road in roads:
        source += program(target, attribute, road, WARM)
        source += f"all_outcomes[{road!r}] = outcome\n"
    source += "outcome = all_outcomes\n"
    trusted, _ = run(python, source, restricted=False)
    assert trusted == {road: ["reached"] for road in roads}
    restricted, denials = run(python, source, restricted=True)
    for road, outcome in restricted.items():
        assert outcome in (["RestrictedAttributeError"], ["refused"]), road
    assert denials >= len(roads) * WARM


# An assignment, and how it looks where it is allowed.
SETTERS = [
    ("function.__code__ = other.__code__", "function() == 7"),
    ("setattr(function, '__code__', other.__code__)", "function() == 7"),
    ("type(function).__dict__['__code__'].__set__(function, other.__code__)",
     "function() == 7"),
    ("for function.__code__ in [other.__code__]: pass", "function() == 7"),
    ("Derived.__bases__ = (Second,)", "Derived.__mro__[1] is Second"),
    ("type.__dict__['__bases__'].__set__(Derived, (Second,))",
     "Derived.__mro__[1] is Second"),
]


@pytest.mark.parametrize("statement, proof", SETTERS)
def test_setters(python, statement, proof):
    source = SETUP + f"""
def other():
    return 7
class First: pass
class Second: pass
class Derived(First): pass
try:
    {statement}
    outcome = {proof}
except AttributeError as error:
    outcome = [type(error).__name__, {proof}]
"""
    assert run(python, source, restricted=False)[0] is True
    outcome, denials = run(python, source, restricted=True)
    assert outcome == ["RestrictedAttributeError", False]
    assert denials == 1


CALLS = [
    "function.__class__(function.__code__, {})",
    "(lambda c: type(c)(c.co_argcount, c.co_posonlyargcount, "
    "c.co_kwonlyargcount, c.co_nlocals, c.co_stacksize, c.co_flags, "
    "c.co_code, c.co_consts, c.co_names, c.co_varnames, c.co_filename, "
    "c.co_name, c.co_qualname, c.co_firstlineno, c.co_linetable, "
    "c.co_exceptiontable))(function.__code__)",
    "function.__code__.__class__.__new__(function.__code__.__class__)",
    "[].append.__reduce__()",
    "[].append.__reduce_ex__(2)",
    "(1).__add__.__reduce__()",
    "__import__('gc').get_objects()",
    "__import__('gc').get_referrers(1)",
    "__import__('_thread').start_new_thread(function, ())",
    "__import__('threading').Thread(target=function).start()",
    "__import__('os').system('true')",
    "__import__('os').fork()",
    "__import__('os').kill(0, 0)",
    "__import__('signal').signal(2, function)",
    "__import__('signal').alarm(1)",
    "breakpoint()",
]


@pytest.mark.parametrize("call", CALLS)
def test_calls(python, call):
    source = SETUP + f"""
try:
    {call}
    outcome = "called"
except BaseException as error:
    names = [base.__name__ for base in type(error).__mro__]
    outcome = "refused" if "RestrictedError" in names else names[0]
"""
    outcome, denials = run(python, source, restricted=True)
    assert outcome == "refused"
    assert denials == 1


def test_refused_functions(python):
    """Each refusing function of a module, with arguments of any kind."""
    done = subprocess.run(
        [python, "-m", "restrict", "surface", "--list", "--json"],
        capture_output=True, text=True, check=True)
    names = [(row["owner"], row["name"]) for row in json.loads(done.stdout)
             if row["kind"] == "module" and row["verdict"] == "refuse"
             and row["owner"] not in ("_socket", "_ssl", "select")]
    assert len(names) > 100
    source = f"""
outcome = []
for module, name in {names!r}:
    function = getattr(__import__(module), name)
    for args in ((), (0,), ("/etc/passwd",), (b"a", 1, None), (function,)):
        try:
            function(*args)
            outcome.append([module, name])
        except Exception as error:
            if "Restricted" not in type(error).__name__:
                outcome.append([module, name, repr(error)])
"""
    outcome, denials = run(python, source, restricted=True)
    assert outcome == []
    assert denials == 5 * len(names)


MODULES = ["subprocess", "ctypes", "_ctypes", "marshal", "_imp", "socket",
           "_socket", "multiprocessing", "_posixsubprocess", "mmap", "fcntl",
           "resource", "sqlite3", "_sqlite3", "importlib._bootstrap",
           "_frozen_importlib", "_interpreters", "_testcapi", "pty", "site",
           "faulthandler", "tracemalloc", "readline", "nothing_like_this"]


@pytest.mark.parametrize("name", MODULES)
@pytest.mark.parametrize("road", ["import {}", "__import__('{}')",
                                  "import importlib; "
                                  "importlib.import_module('{}')"])
def test_imports(python, name, road):
    source = f"""
try:
    exec({road.format(name)!r})
    outcome = "imported"
except ImportError as error:
    outcome = [type(error).__name__, str(error), error.name]
"""
    outcome, denials = run(python, source, restricted=True)
    assert outcome == ["RestrictedImportError",
                       f"import of '{name}' is not allowed", name]
    assert denials == 1
