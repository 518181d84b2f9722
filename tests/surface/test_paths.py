"""No path of the machine shows in a guest, unless the policy says so."""

import json

import pytest

# Every text that says where something is from; `found` is a set of them.
PROGRAM = """
import ast, code, functools, importlib, inspect, io, json, linecache, logging
import os, pathlib, platform, random, re, statistics, sys, tokenize, traceback
import types, typing, unittest, warnings, xml.etree.ElementTree, zoneinfo
found = set()
CODE = type((lambda: 0).__code__)
def note_code(value):
    found.add(value.co_filename)
    for const in value.co_consts:
        if type(const) is CODE:
            note_code(const)
def note(value):
    if isinstance(value, str):
        found.add(value)
    elif isinstance(value, (list, tuple)):
        for part in value:
            note(part)
    elif isinstance(value, types.FunctionType):
        note_code(value.__code__)
for module in list(sys.modules.values()):
    found.add(repr(module))
    for name, value in list(vars(module).items()):
        if name in ("__file__", "__path__", "__cached__", "__spec__",
                    "__loader__"):
            found.add(repr(value))
        if isinstance(value, type):
            for part in vars(value).values():
                note(part)
        if isinstance(value, types.FunctionType):
            note(value)
for name in ("path", "argv", "prefix", "exec_prefix", "base_prefix",
             "base_exec_prefix", "executable", "warnoptions"):
    note(getattr(sys, name))
def failing():
    yield lambda: exec("a b")
    yield lambda: compile("a b", "made", "exec")
    yield lambda: ast.parse("(")
    yield lambda: json.loads("{")
    yield lambda: re.compile("(")
    yield lambda: open("x")
    yield lambda: os.stat("x")
    yield lambda: os.getcwd()
    yield lambda: __import__("nothing")
    yield lambda: importlib.import_module("json.nothing")
    yield lambda: exec("from json import nothing")
    yield lambda: xml.etree.ElementTree.fromstring("<a>")
    yield lambda: inspect.getfile(json)
    yield lambda: inspect.getsource(json.dumps)
    yield lambda: zoneinfo.ZoneInfo("Europe/Paris")
    yield lambda: random.sample(5)
    yield lambda: statistics.mean([])
    yield lambda: tokenize.open("x")
    yield lambda: list(tokenize.generate_tokens(iter(["("]).__next__))
    yield lambda: pathlib.Path("x").resolve()
    yield lambda: pathlib.Path.home()
    yield lambda: os.path.expanduser("~")
    yield lambda: os.path.abspath("x")
for act in failing():
    try:
        note(str(act()))
    except Exception as error:
        found.add(str(error))
        found.add(traceback.format_exc())
        for name in dir(error):
            if not name.startswith("__"):
                note(getattr(error, name, None))
        note([str(part) for part in error.args])
out = io.StringIO()
with warnings.catch_warnings(record=True) as seen:
    warnings.simplefilter("always")
    warnings.warn("w")
    json.loads("1") if 0 else warnings.warn("x", stacklevel=2)
    found.update(str(w) for w in seen)
found.update(repr(dict(os.environ)).split())
note([repr(sys.stdin), repr(sys.stdout), repr(sys.flags)])
for name in ("libc_ver", "node", "version"):
    try:
        note(getattr(platform, name)())
    except Exception as error:
        found.add(str(error))
"""


def test_none_shows(guest, top, build_dir, tmp_path):
    (tmp_path / "mine.py").write_text("def f(): 1 / 0\n")
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "__init__.py").write_text("from . import part\n")
    (tmp_path / "package" / "part.py").write_text("x = (\n")
    source = ("import mine\ntry: import package\n"
              "except SyntaxError as error: bad = error\n" + PROGRAM
              + "note([bad.filename, str(bad), *map(str, bad.args)])\n"
                "try: mine.f()\nexcept Exception: "
                "found.add(traceback.format_exc())\n"
                "import json as j\nprint(j.dumps(sorted(found)))")
    done = guest(source, path=[str(tmp_path)], cpu=60, wall=120)
    assert done["outcome"] == ["value", None], done["outcome"]
    texts = json.loads(done["stdout"].splitlines()[-1])
    assert len(texts) > 100
    assert any("mine.py" in text for text in texts)
    places = [str(place) for place in
              (tmp_path, top, top.resolve(), build_dir, tmp_path.parent)]
    places += ["/usr/", "/home/", "/root", "/etc/", "/tmp/", "/proc/", "/lib/"]
    shown = [(place, text) for text in texts for place in places
             if place in text]
    # The documented defaults of the language, which name no place here.
    assert [row for row in shown if "/usr/share/zoneinfo" not in row[1]] == []


SHOWN = {
    "file": "mine.__file__",
    "path": "package.__path__[0]",
    "code": "mine.f.__code__.co_filename",
}


@pytest.mark.parametrize("what", SHOWN)
@pytest.mark.parametrize("allowed", [True, False])
def test_the_policy_decides(guest, tmp_path, what, allowed):
    (tmp_path / "mine.py").write_text("def f(): 1 / 0\n")
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "__init__.py").write_text("")
    done = guest(f"""
import mine, package
try:
    value = {SHOWN[what]}
except AttributeError:
    value = "none"
value
""", path=[str(tmp_path)], filesystem_info=allowed)
    assert (str(tmp_path) in done["outcome"][1]) == allowed
