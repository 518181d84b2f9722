"""What CPython's own tests found: ordinary code that did otherwise inside.

Each program prints the same in a trusted interpreter and in a guest.
"""

import subprocess

import pytest

PROGRAMS = {
    "subclasses-of-unhashable-types": """
from collections.abc import Hashable
for base in (list, dict, set, bytearray):
    class Sub(base): pass
    print(base.__hash__, Sub.__hash__, isinstance(Sub(), Hashable))
    try: hash(Sub())
    except TypeError as exc: print(exc)
""",
    "digits-of-int": """
import sys
print(sys.get_int_max_str_digits())
for f in (lambda: int("9" * 5000), lambda: str(10 ** 5000)):
    try: print(len(str(f())))
    except ValueError as exc: print(exc)
""",
    "platform": """
import os, platform
print(platform.system(), os.uname().sysname)
print(platform.libc_ver("")[0] in ("", "glibc"))
print(platform.python_implementation(), platform.python_version())
""",
    "old-pickles": """
import copyreg, pickle
class A: pass
class B(int): pass
class C:
    __new__ = object.__new__
for cls in (A, B, C):
    x = cls()
    x.attr = [1]
    for protocol in (0, 1, 2, 5):
        y = pickle.loads(pickle.dumps(x, protocol))
        print(type(y).__name__, y.attr, isinstance(y, int) and int(y))
""",
    "unraisable": """
import sys
def hook(args):
    print(args.exc_type, args.exc_value, args.err_msg,
          args.object.__name__, args.exc_traceback.tb_lineno)
sys.unraisablehook = hook
class C:
    def __del__(self): raise ValueError(1)
C()
""",
    "find-spec": """
import importlib.util
print(importlib.util.find_spec("json").name,
      importlib.util.find_spec("json.decoder").name,
      importlib.util.find_spec("json").submodule_search_locations is not None,
      importlib.util.find_spec("surely_not_there"))
""",
    "mock": """
import json
from unittest import mock
class A:
    def f(self, a, b=1): return a
    def __len__(self): return 0
m = mock.Mock(return_value=3)
print(m(1, a=2), m.call_args, m.mock_calls)
with mock.patch("json.dumps", return_value="x") as f:
    print(json.dumps(1), f.call_count)
with mock.patch.object(A, "f", autospec=True) as f:
    A().f(1)
    f.assert_called_once()
s = mock.create_autospec(A)
try: s().f(1, 2, 3)
except TypeError as exc: print(exc)
try: s.g
except AttributeError as exc: print(exc)
with mock.mock_open(read_data="text")("file") as f: print(f.read())
with mock.patch.dict("sys.modules", odd=m):
    import odd
    print(odd is m)
async def g(x): return x
import asyncio
print(asyncio.run(mock.AsyncMock(side_effect=g)(5)), mock.sentinel.a)
""",
    "resolve-name": """
import json, pkgutil
from json.decoder import JSONDecoder
for name in ("json", "json.decoder", "json:dumps", "json.decoder:",
             "json.decoder.JSONDecoder.decode", "json:decoder.JSONDecoder",
             "json..decoder", "json.nothing", "json:nothing", "nothing.at",
             "json:a:b", "", "json.", "1.x"):
    try: print(name, getattr(pkgutil.resolve_name(name), "__name__"))
    except Exception as exc: print(name, type(exc).__name__ == "ValueError",
                                   isinstance(exc, ImportError),
                                   isinstance(exc, AttributeError))
""",
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_guest_prints_the_same(python, tmp_path, name):
    script = tmp_path / "program.py"
    script.write_text(PROGRAMS[name])
    printed = [
        subprocess.run([python, *arguments, script], text=True, timeout=300,
                       capture_output=True, check=True, cwd=tmp_path).stdout
        for arguments in ([], ["-m", "restrict", "run"])]
    assert printed[0]
    assert printed[0] == printed[1]


def test_the_library_asks_without_a_record(python, tmp_path):
    """A traceback of a guest asks for a helper in C; that is no denial."""
    program = ("import restrict; r = restrict.run('import traceback\\n"
               "try: name\\n"
               "except NameError: print(traceback.format_exc())');"
               "print(r.denials, 'name' in r.stdout)")
    done = subprocess.run([python, "-c", program], text=True,
                          capture_output=True, check=True)
    assert done.stdout == "() True\n"
